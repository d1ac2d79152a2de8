import { beforeEach, describe, expect, it, vi } from 'vitest'
import { channel, channels, clock, dayOf, lang, span, stage, stripe, takeIn, topic, topics } from '../src/words'

beforeEach(() => (lang.value = 'zh'))

describe('span', () => {
  it.each([
    [0, '不到1分'],
    [59_999, '不到1分'],
    [60_000, '1分'],
    [59 * 60_000, '59分'],
    [60 * 60_000, '1时0分'],
    [47 * 3_600_000 + 59 * 60_000, '47时59分'],
    [48 * 3_600_000, '2天'],
    [-90_000, '1分'],
  ])('%i ms is %s', (ms, words) => expect(span(ms)).toBe(words))

  it('speaks English, too', () => {
    lang.value = 'en'
    expect(span(3_600_000)).toBe('1 h 0 min')
  })
})

describe('clock', () => {
  it('leaves the day out today, and says it on another', () => {
    vi.useFakeTimers({ now: new Date(2026, 4, 6, 12, 0) })
    expect(clock(new Date(2026, 4, 6, 9, 5).getTime())).toBe('09:05')
    expect(clock(new Date(2026, 4, 5, 23, 59).getTime())).toBe('5/5 23:59')
    vi.useRealTimers()
  })

  it('is the clock of the centre, wherever this computer thinks it is', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 4, 5, 17, 0) })
    const house = { topics: [], channels: [] }
    takeIn({ ...house, zone: 'Asia/Shanghai' })
    expect(dayOf(Date.now())).toBe('2026-05-06')
    expect(clock(Date.UTC(2026, 4, 5, 16, 5))).toBe('00:05')
    expect(clock(Date.UTC(2026, 4, 5, 15, 5))).toBe('5/5 23:05')
    takeIn({ ...house, zone: 'Europe/Lisbon' })
    expect(dayOf(Date.now())).toBe('2026-05-05')
    vi.useRealTimers()
  })
})

describe('names', () => {
  it('are given for what is known, in the language of the page', () => {
    expect(stage('held')).toBe('通话保持中')
    takeIn({
      zone: 'Asia/Shanghai',
      topics: [{ id: 'complaint', zh: '投诉', en: 'Complaint', colour: '#b00020' }],
      channels: [{ id: 'pigeon', zh: '信鸽', en: 'Pigeon', colour: '' }],
    })
    expect([topics, channels]).toEqual([['complaint'], ['pigeon']])
    expect(channel('pigeon')).toBe('信鸽')
    lang.value = 'en'
    expect(topic('complaint')).toBe('Complaint')
  })

  it('are marked with the colour that the house gives them, where it does', () => {
    expect(stripe('complaint').borderInlineStart).toBe('3px solid #b00020')
    expect(stripe('pigeon')).toEqual({})
  })

  it('are the key for what is not known, and empty for nothing', () => {
    expect(topic('of_tomorrow')).toBe('of_tomorrow')
    expect(topic(null)).toBe('')
  })
})
