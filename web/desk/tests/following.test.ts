import { createApp, type App } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { follow } from '../src/following'

const look = vi.fn(() => Promise.resolve())
let view: App
const happens = (what: string) => window.dispatchEvent(new Event(what))

beforeEach(() => {
  vi.useFakeTimers()
  look.mockClear()
  view = createApp({ setup: () => follow(look, ['happened']), render: () => null })
  view.mount(document.createElement('div'))
  vi.advanceTimersByTime(0)
})
afterEach(() => {
  view.unmount()
  vi.useRealTimers()
})

describe('a view that follows', () => {
  it('looks at once, and asks nothing while nothing happens', () => {
    expect(look).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(600_000)
    expect(look).toHaveBeenCalledTimes(1)
  })

  it('looks once a second at most, however much happens', () => {
    for (let n = 0; n < 50; n++) happens('happened')
    vi.advanceTimersByTime(1000)
    expect(look).toHaveBeenCalledTimes(2)
  })

  it('looks again when the feed is there again', () => {
    vi.advanceTimersByTime(5000)
    happens('live-open')
    vi.advanceTimersByTime(1)
    expect(look).toHaveBeenCalledTimes(2)
  })

  it('hears nothing once it is closed', () => {
    vi.advanceTimersByTime(5000)
    happens('happened')
    view.unmount()
    happens('happened')
    vi.advanceTimersByTime(5000)
    expect(look).toHaveBeenCalledTimes(1)
  })
})
