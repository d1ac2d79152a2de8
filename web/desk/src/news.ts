// What concerns the seat wherever it looks: a ticket that was taken from it or given to it, a word to it. It stays
// until it has been looked at.
import { ElNotification } from 'element-plus'
import { computed, reactive, watch } from 'vue'
import { me, nameOf } from './desk'
import type { EventFrame } from './openapi'
import { t } from './words'

export interface News {
  seq: number
  ref: string
  kind: 'lost' | 'given' | 'word'
  by: string
  to: string
  at: number
  seen: boolean
}
const MOST = 50
export const news = reactive<News[]>([])
export const unseen = computed(() => news.filter((each) => !each.seen))
export const isNew = (ref: string) => unseen.value.some((each) => each.ref === ref)

const key = () => `daoxue.news.${me.value?.name}`
watch(
  () => me.value?.name,
  (name) => news.splice(0, news.length, ...(name ? kept() : [])),
  { flush: 'sync' },
)
watch(news, () => me.value && localStorage.setItem(key(), JSON.stringify(news)))

function kept(): News[] {
  return JSON.parse(localStorage.getItem(key()) ?? '[]') as News[]
}

/** What an event is to the seat `mine`; null where it does not concern it. */
export function newsOf(event: EventFrame, mine: string): News | null {
  const { seq, kind, actor, at, data, ref } = event
  if (actor === mine) return null
  const found = (what: News['kind'], to = ''): News => ({ seq, ref, kind: what, by: actor, to, at, seen: false })
  if ((kind === 'taken' || kind === 'transferred') && data.from === mine)
    return found('lost', kind === 'taken' ? actor : ((data.to as string | null) ?? ''))
  if (kind === 'transferred' && data.to === mine) return found('given')
  if (kind === 'noted' && (data.mentions as string[]).includes(mine)) return found('word')
  return null
}

export function told(each: News): string {
  const by = nameOf(each.by)
  if (each.kind === 'word') return t(`${by} 在工单 ${each.ref} 提到您`, `${by} mentions you in ${each.ref}`)
  if (each.kind === 'given') return t(`${by} 把工单 ${each.ref} 转给您`, `${by} passes ${each.ref} to you`)
  if (each.to === each.by) return t(`${by} 接管了工单 ${each.ref}`, `${by} took over ${each.ref}`)
  const to = nameOf(each.to)
  return to
    ? t(`${by} 把工单 ${each.ref} 转给 ${to}`, `${by} passed ${each.ref} to ${to}`)
    : t(`${by} 把工单 ${each.ref} 转走了`, `${by} passed ${each.ref} on`)
}

/** Says it, and keeps it. */
export function announce(event: EventFrame, mine: string, go: (ref: string) => void): void {
  const each = newsOf(event, mine)
  if (!each || news.some((one) => one.seq === each.seq)) return
  news.unshift(each)
  news.splice(MOST)
  const shown = ElNotification({
    title: told(each),
    message: t('点这里打开', 'Click to open it'),
    type: each.kind === 'lost' ? 'warning' : 'info',
    duration: 12_000,
    onClick: () => {
      shown.close()
      go(each.ref)
    },
  })
}

/** They have been looked at: those of one ticket, or all. */
export function look(ref?: string): void {
  for (const each of news) if (ref === undefined || each.ref === ref) each.seen = true
}
