// What was sent from this page and is not in the conversation yet: on its way, held so that it can be called back, or
// failed. What is not known to be accepted is kept over a reload.
import { ElMessage, ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message-box/style/css'
import { reactive, watch } from 'vue'
import { ApiError, post } from './api'
import { explain, me, tick, whole } from './desk'
import { t } from './words'

export interface Sending {
  id: string
  ref: string
  text: string
  source: string | null
  failed: string
  /** Until when it can be called back; null where it was not accepted yet. */
  due: number | null
}
export const sending = reactive<Sending[]>([])

const key = () => `daoxue.sending.${me.value?.name}`
watch(
  () => me.value?.name,
  (name) => {
    if (!name) return
    const found = JSON.parse(localStorage.getItem(key()) ?? '[]') as Sending[]
    const unsure = t('不知道发出去没有；重发不会发两遍', 'Perhaps not sent; sending again sends it once')
    sending.splice(0, sending.length, ...found.map((each) => ({ ...each, failed: each.failed || unsure })))
  },
  { flush: 'sync', immediate: true },
)
watch(
  sending,
  () => {
    if (!me.value) return
    const unsure = sending.filter((each) => each.due === null)
    if (unsure.length) localStorage.setItem(key(), JSON.stringify(unsure))
    else localStorage.removeItem(key())
  },
  { flush: 'sync' },
)

watch(
  () => sending.map((each) => each.due),
  () => tick(), // or the time since the clock was last looked at would be told as well
  { flush: 'sync' },
)

export function drop(id: string | null): void {
  const at = sending.findIndex((each) => each.id === id)
  if (at >= 0) sending.splice(at, 1)
}
watch(
  () => [whole.value?.ticket.ref, whole.value?.messages.length],
  () => whole.value?.messages.forEach((each) => drop(each.id)), // it stands in the conversation now
)
watch(
  () => whole.value?.held,
  (held) => {
    for (const { id, by, text, source, due_at } of held ?? [])
      if (by === me.value?.name && !sending.some((each) => each.id === id))
        hold({ id, ref: whole.value!.ticket.ref, text, source, failed: '', due: due_at })
  },
)
watch(
  () => [whole.value?.ticket.ref, whole.value?.ticket.owner],
  ([ref, owner]) => {
    if (owner === me.value?.name) return
    // What was held is said by now, or was taken from us with the ticket, and is a note.
    for (const { id } of sending.filter((each) => each.ref === ref && each.due !== null)) drop(id)
  },
)

/** Accepted by the service: it leaves then. */
export function hold(each: Sending): void {
  drop(each.id)
  sending.push(each)
}

/** Sends a message, first or again. 'changed': the resident wrote in between, and the seat will change it. */
export async function deliver(message: Sending, insisting = false): Promise<'sent' | 'failed' | 'changed'> {
  if (!sending.some((each) => each.id === message.id)) sending.push(message)
  const each = sending.find((one) => one.id === message.id)!
  each.failed = ''
  const last = insisting ? { seen: null, talk: null } : lastSeen(each.ref)
  try {
    const { id, text, source } = each
    const sent = await post(
      '/tickets/{ref}/messages',
      { ref: each.ref },
      { id, text, ...last, source, recallable: true },
    )
    if (sent.due_at) each.due = sent.due_at
    else if (whole.value?.ticket.ref !== each.ref) drop(each.id) // nobody looks at where it stands
    return 'sent'
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'outdated')) return fail(each, error)
    if (await wanted()) return deliver(each, true)
    drop(each.id)
    return 'changed'
  }
}

/** Takes back what has not left; what was written, null where it has left. */
export async function callBack(each: Sending): Promise<{ text: string; source: string | null } | null> {
  try {
    const back = await post('/tickets/{ref}/messages/{id}/call-back', { ref: each.ref, id: each.id })
    drop(each.id)
    if (!back.files.length) return back
    ElMessage.success(t('已撤回，文件没有发出', 'Called back; the file was not sent'))
    return { text: '', source: null }
  } catch (error) {
    ElMessage.error(explain(error))
    return null
  }
}

function fail(each: Sending, error: unknown): 'failed' {
  each.failed = explain(error)
  ElMessage.error(t(`没有发出：${each.failed}`, `Not sent: ${each.failed}`)) // the seat may be elsewhere by now
  return 'failed'
}

/** The last message read: what answers something older is refused. */
function lastSeen(ref: string): { seen: number | null; talk: number | null } {
  const open = whole.value
  if (open?.ticket.ref !== ref) return { seen: null, talk: null }
  return { seen: Math.max(0, ...open.messages.map((one) => one.seq)), talk: open.talk }
}

async function wanted(): Promise<boolean> {
  return ElMessageBox.confirm(
    t('居民刚刚又说了话。看过之后，这条还要照原样发吗？', 'The resident has just written again. Send this as it is?'),
    t('还没有发出', 'Not sent yet'),
    { confirmButtonText: t('照样发', 'Send it'), cancelButtonText: t('先改一改', 'Let me change it') },
  ).then(
    () => true,
    () => false,
  )
}
