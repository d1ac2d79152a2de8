import { beforeEach, expect, it } from 'vitest'
import { described } from '../src/happened'
import { lang } from '../src/words'

const nameOf = (account: string) => ({ li: '小李', wang: '老王' })[account] ?? account
const said = (kind: string, data: Record<string, unknown> = {}, actor = 'li') =>
  described({ seq: 1, kind, actor, at: 0, data }, nameOf)

beforeEach(() => (lang.value = 'zh'))

it.each([
  ['taken', {}, '小李 接单'],
  ['passed', { seat: 'wang' }, '老王 没有接'],
  ['transferred', { to: 'wang', word: '她要法语' }, '小李 转给 老王：她要法语'],
  ['transferred', { skill: 'complaint' }, '小李 转给 投诉'],
  ['noted', { text: '说话要慢', mentions: ['wang'] }, '小李 @老王：说话要慢'],
  ['noted', { text: '请稍等', mentions: [], unsent: true }, '小李（没有发给居民）：请稍等'],
  ['closed', { result: 'answered', note: '' }, '小李 办结：已答复'],
  ['closed', { result: 'spam', note: '广告' }, '小李 办结：无效/骚扰（广告）'],
  ['called', { result: 'no-answer' }, '小李 拨打居民电话：没人接'],
  ['called', { result: 'of-tomorrow' }, '小李 拨打居民电话：of-tomorrow'],
  ['rated', { stars: 4 }, '居民评价 ★★★★☆'],
  ['tagged', { tags: ['听力不好', '老人'] }, '标签：听力不好、老人'],
  ['raised', { reason: 'emergency' }, '优先级提高：紧急：危及生命'],
  ['reopened', {}, '重新打开 小李'],
])('%s is told', (kind, data, words) => expect(said(kind, data)).toBe(words))

it('leaves out whoever is nobody', () => expect(said('escalated', {}, 'system').trim()).toBe('升级到上级'))

it('speaks English, too', () => {
  lang.value = 'en'
  expect(said('taken')).toBe('小李 took it')
})
