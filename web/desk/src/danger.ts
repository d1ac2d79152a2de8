// Danger to life that nobody has: it rings until somebody takes it.
import { ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message-box/style/css'
import { computed, ref, watch } from 'vue'
import type { Ticket } from './api'
import { may, tickets } from './desk'
import { siren } from './notices'
import { t } from './words'

const EVERY = 2500 // ms between two sounds

/** Those to which the seat is called, the supervisors' first. */
export const dangers = computed<Ticket[]>(() =>
  may('ticket.work')
    ? [...tickets.value.values()]
        .filter((each) => each.state === 'waiting' && each.priority === 0)
        .sort((a, b) => Number(b.unheeded_at !== null) - Number(a.unheeded_at !== null) || a.rank - b.rank)
    : [],
)
/** Whether the supervisor is called by now. */
export const unheeded = computed(() => dangers.value.some((each) => each.unheeded_at !== null))
/** Turns once a second while it rings, for the page's title. */
export const turn = ref(false)

/** Whether it may end: asked once more where life was in danger and no seat has said a word. */
export async function mayEnd({ priority, answered_at }: Ticket): Promise<boolean> {
  if (priority !== 0 || answered_at !== null) return true
  return ElMessageBox.confirm(
    t(
      '这张是危及生命的工单，还没有坐席对居民说过话。真的就这样结束吗？',
      'Life is in danger here, and no seat has said a word to the resident. End it all the same?',
    ),
    t('还没有人回过话', 'Nobody has answered yet'),
    { confirmButtonText: t('就这样结束', 'End it'), cancelButtonText: t('先回话', 'Answer first'), type: 'warning' },
  ).then(
    () => true,
    () => false,
  )
}

let timer = 0
watch(
  () => dangers.value.length > 0,
  (rings) => {
    clearInterval(timer)
    if (!rings) return
    siren()
    timer = window.setInterval(siren, EVERY)
  },
)
watch(
  () => dangers.value.map((each) => `${each.ref} ${each.unheeded_at ?? ''}`).join(),
  (now, before) => {
    if (!now || now === before || !('Notification' in window) || Notification.permission !== 'granted') return
    const first = dangers.value[0]!
    const words = first.unheeded_at
      ? t('紧急工单一分钟没人接', 'Danger: nobody has taken it for a minute')
      : t('紧急：危及生命', 'Danger to life')
    new Notification(`${words} ${first.ref}`, {
      tag: `danger-${first.ref}-${first.unheeded_at}`,
      requireInteraction: true,
    })
  },
)
window.setInterval(() => (turn.value = dangers.value.length > 0 && !turn.value), 1000)
