// What was sent from this page and is not in the conversation yet.
import { ElMessage, ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message-box/style/css'
import { reactive, watch } from 'vue'
import { ApiError, post } from './api'
import { explain, whole } from './desk'
import { t } from './words'

export interface Sending {
  id: string
  ref: string
  text: string
  source: string | null
  failed: string
}
export const sending = reactive<Sending[]>([])

function drop(id: string | null): void {
  const at = sending.findIndex((each) => each.id === id)
  if (at >= 0) sending.splice(at, 1)
}
watch(
  () => [whole.value?.ticket.ref, whole.value?.messages.length],
  () => whole.value?.messages.forEach((each) => drop(each.id)), // it stands in the conversation now
)

/** Sends a message, first or again. 'changed': the resident wrote in between, and the seat will change it. */
export async function deliver(message: Sending, insisting = false): Promise<'sent' | 'failed' | 'changed'> {
  if (!sending.some((each) => each.id === message.id)) sending.push(message)
  const each = sending.find((one) => one.id === message.id)!
  each.failed = ''
  const seen = insisting ? null : lastSeen(each.ref)
  try {
    await post(
      '/tickets/{ref}/messages',
      { ref: each.ref },
      { id: each.id, text: each.text, seen, source: each.source },
    )
    return 'sent'
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'outdated')) return fail(each, error)
    if (await wanted()) return deliver(each, true)
    drop(each.id)
    return 'changed'
  }
}

function fail(each: Sending, error: unknown): 'failed' {
  each.failed = explain(error)
  ElMessage.error(t(`没有发出：${each.failed}`, `Not sent: ${each.failed}`)) // the seat may be elsewhere by now
  return 'failed'
}

/** The last message read: what answers something older is refused. */
function lastSeen(ref: string): number | null {
  return whole.value?.ticket.ref === ref ? Math.max(0, ...whole.value.messages.map((one) => one.seq)) : null
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
