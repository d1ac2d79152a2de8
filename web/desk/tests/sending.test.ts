import { ElMessage, ElMessageBox, type MessageHandler } from 'element-plus'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import type { Said, Whole } from '../src/api'
import { now, whole } from '../src/desk'
import { deliver, sending } from '../src/sending'

const message = () => ({ id: 'm1', ref: 'A', text: '您好', source: null, failed: '', due: null })
const sent: { seen: number | null }[] = []
/** The service answers each time with the next of these. */
function service(...answers: (Response | Error)[]): void {
  vi.stubGlobal('fetch', (_: string, how: RequestInit) => {
    sent.push(JSON.parse(how.body as string) as { seen: number | null })
    const next = answers.shift()!
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
  })
}
const fine = () => new Response('{}')
const outdated = () => new Response('{"code":"outdated","text":"居民又说了话"}', { status: 409 })

beforeEach(() => {
  sending.length = sent.length = 0
  whole.value = { ticket: { ref: 'A' }, messages: [{ seq: 4, id: null }], events: [] } as unknown as Whole
})
afterEach(() => vi.unstubAllGlobals())

describe('a message', () => {
  it('says what was read, and waits until the conversation has it', async () => {
    service(fine())
    expect(await deliver(message())).toBe('sent')
    expect(sent[0]!.seen).toBe(4)
    expect(sending).toHaveLength(1)
    whole.value!.messages.push({ seq: 5, id: 'm1' } as Said)
    await nextTick()
    expect(sending).toHaveLength(0)
  })

  it('counts down from no more than its seconds', async () => {
    now.value = Date.now() - 900 // as it was last looked at
    service(new Response(JSON.stringify({ due_at: Date.now() + 10_000 })))
    await deliver(message())
    expect(sending[0]!.due! - now.value).toBeLessThanOrEqual(10_000)
  })

  it('waits no more when the ticket was taken from us with it', async () => {
    sending.push({ ...message(), due: Date.now() + 9000 })
    whole.value!.ticket.owner = 'chen'
    await nextTick()
    expect(sending).toHaveLength(0)
  })

  it('that was not sent is said, stays, and goes once when it is sent again', async () => {
    const said = vi.spyOn(ElMessage, 'error').mockReturnValue({} as MessageHandler)
    service(new TypeError('network'), fine())
    expect(await deliver(message())).toBe('failed')
    expect(said).toHaveBeenCalledWith(expect.stringContaining('没有发出'))
    expect(sending[0]!.failed).not.toBe('')
    expect(await deliver(sending[0]!)).toBe('sent')
    expect(sending).toHaveLength(1)
    expect(sending[0]!.failed).toBe('')
  })

  it('that the resident overtook goes as it is when the seat wants it', async () => {
    vi.spyOn(ElMessageBox, 'confirm').mockResolvedValue('confirm' as never)
    service(outdated(), fine())
    expect(await deliver(message())).toBe('sent')
    expect(sent.map((each) => each.seen)).toEqual([4, null])
  })

  it('comes back to be changed when the seat does not', async () => {
    vi.spyOn(ElMessageBox, 'confirm').mockRejectedValue('cancel')
    service(outdated())
    expect(await deliver(message())).toBe('changed')
    expect(sending).toHaveLength(0)
  })
})
