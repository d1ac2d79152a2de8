import { beforeEach, describe, expect, it } from 'vitest'
import { party } from '../src/admin/audited'
import { lang, moment, takeIn } from '../src/words'

const nameOf = (account: string) => (account === 'li' ? '小李' : account)

beforeEach(() => {
  lang.value = 'zh'
  const channels = [{ id: 'wechat', zh: '微信', en: 'WeChat', colour: '' }]
  takeIn({ topics: [], channels, zone: 'Asia/Shanghai' })
})

describe('whom a line of the audit names', () => {
  it.each([
    ['system', '系统'],
    ['learner 12', '学员 12'],
    ['wechat 0a1b2c3d', '微信 0a1b2c3d'],
    ['li', '小李（li）'],
    ['1129-10807', '1129-10807'],
    ['', ''],
  ])('%s is %s', (key, words) => expect(party(key, nameOf)).toBe(words))

  it('speaks English, too', () => {
    lang.value = 'en'
    expect(party('conversation 5', nameOf)).toBe('talk 5')
  })

  it('has the day and the time of the centre', () =>
    expect(moment(Date.UTC(2026, 10, 28, 17, 21))).toBe('2026-11-29 01:21'))
})
