import { beforeEach, describe, expect, it } from 'vitest'
import { party, said } from '../src/admin/audited'
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
    ['unanswered 1 to 4', '没答上的问题 1—4'],
    ['conversations 3 7 9', '对话 3 7 9'],
    ['serve', '第一次启动'],
    ['', ''],
  ])('%s is %s', (key, words) => expect(party(key, nameOf)).toBe(words))

  it('speaks English, too', () => {
    lang.value = 'en'
    expect(party('conversation 5', nameOf)).toBe('talk 5')
  })

  it('has the day and the time of the centre', () =>
    expect(moment(Date.UTC(2026, 10, 28, 17, 21, 5))).toBe('2026-11-29 01:21'))
  it('has the seconds, too', () => expect(moment(Date.UTC(2026, 10, 28, 17, 21, 5), true)).toBe('2026-11-29 01:21:05'))
})

describe('what a line of the audit says', () => {
  it.each([
    ['supervisor', '班长'],
    ['4 questions', '4 个问题'],
    ['own_wish; 2 tickets, 7 messages, sha256 ab12', '本人申请; 2 张工单, 7 条消息, sha256 ab12'],
    ['role,skills', '角色,技能'],
    ['wechat guardian', '微信 监护人'],
    ['居民来电, 核对', '居民来电, 核对'],
    ['1129-10807 1129-10808', '1129-10807 1129-10808'],
    ['', ''],
  ])('%s is %s', (detail, words) => expect(said(detail)).toBe(words))
})
