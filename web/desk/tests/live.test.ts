import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ahead, connection, start, stop, type Frame } from '../src/live'

class Socket {
  static all: Socket[] = []
  static readonly OPEN = 1
  readyState = 1
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  constructor(readonly url: string) {
    Socket.all.push(this)
  }
  send(): void {}
  close(): void {}
  hear(...frames: object[]): void {
    for (const each of frames) this.onmessage?.({ data: JSON.stringify(each) })
  }
}
const heard: Frame[] = []
const refetch = vi.fn()
const last = () => Socket.all.at(-1)!

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Socket)
  Socket.all.length = heard.length = 0
  refetch.mockReset()
  start(7, (frame) => heard.push(frame), refetch)
})
afterEach(() => {
  stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the feed', () => {
  it('says how wrong the clock of this computer is', () => {
    last().hear({ type: 'hello', at: Date.now() + 90_000 })
    expect(ahead.value).toBe(90_000)
    last().hear({ type: 'hello', at: Date.now() - 300 })
    expect(ahead.value).toBe(0)
  })

  it('goes on from the last number, and hears nothing twice', () => {
    expect(last().url).toMatch(/\/api\/live\?since=7$/)
    last().hear(
      { type: 'hello', at: Date.now() },
      { type: 'event', seq: 8 },
      { type: 'event', seq: 8 },
      { type: 'event', seq: 7 },
    )
    expect(heard.map((each) => 'seq' in each && each.seq)).toEqual([8])
    expect(connection.value).toBe('open')
  })

  it('comes back after a cut, from where it was', () => {
    last().hear({ type: 'hello', at: Date.now() }, { type: 'event', seq: 12 })
    last().onclose?.({ code: 1006 })
    expect(connection.value).toBe('lost')
    vi.advanceTimersByTime(10_000)
    expect(Socket.all).toHaveLength(2)
    expect(last().url).toMatch(/since=12$/)
  })

  it('fetches everything again when it is told that its number is too old', () => {
    last().hear({ type: 'reset', seq: 0 })
    expect(refetch).toHaveBeenCalledOnce()
  })

  it('does not come back when the session is over', () => {
    last().onclose?.({ code: 4401 })
    vi.advanceTimersByTime(60_000)
    expect(Socket.all).toHaveLength(1)
  })
})
