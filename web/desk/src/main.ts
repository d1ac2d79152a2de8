import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './style.css'
import App from './App.vue'
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

createApp(App).use(router).mount('#app')
