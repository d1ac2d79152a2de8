import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/es/components/message/style/css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import { ElMessage } from 'element-plus'
import './style.css'
import App from './App.vue'
import { explain } from './desk'
import { t } from './words'
import DeskView from './views/DeskView.vue'

const router = createRouter({
  history: createWebHistory('/desk/'),
  routes: [
    { path: '/', component: DeskView },
    { path: '/tickets/:ref', component: DeskView },
    { path: '/counter', component: () => import('./views/CounterView.vue') },
    { path: '/broadcasts', component: () => import('./views/BroadcastView.vue') },
    { path: '/board', component: () => import('./views/BoardView.vue') },
    { path: '/reports', component: () => import('./views/ReportsView.vue') },
    { path: '/knowledge', component: () => import('./views/KnowledgeView.vue') },
    { path: '/admin', component: () => import('./views/AdminView.vue') },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})

// What nobody expected must not go by unseen: a seat would take what was not sent for sent.
function unexpected(error: unknown): void {
  console.error(error)
  ElMessage.error(
    t(
      `页面出错，刚才的操作可能没有执行：${explain(error)}`,
      `The page failed; what you did may not be done: ${explain(error)}`,
    ),
  )
}
window.addEventListener('unhandledrejection', (event) => unexpected(event.reason))

const app = createApp(App).use(router)
app.config.errorHandler = unexpected
app.mount('#app')
