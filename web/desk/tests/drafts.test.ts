import { beforeEach, describe, expect, it } from 'vitest'
import type { Me } from '../src/api'
import { me } from '../src/desk'
import { after, giveBack, inserting, keep, keepMode, kept, modeOf, sourceOf, swapped } from '../src/drafts'

beforeEach(() => {
  localStorage.clear()
  me.value = { name: 'li' } as Me
})

describe('what is begun in a ticket', () => {
  it('is one thing for the resident and another for colleagues', () => {
    keep('A', 'note', { text: '别理他', source: null })
    expect(kept('A', 'reply').text).toBe('')
    expect(kept('A', 'note').text).toBe('别理他')
    expect(kept('B', 'note').text).toBe('')
  })

  it('opens again as what it was', () => {
    expect(modeOf('A')).toBe('reply')
    keep('A', 'note', { text: '别理他', source: null })
    expect(modeOf('A')).toBe('note')
    keep('A', 'reply', { text: '您好', source: null })
    expect(modeOf('A')).toBe('reply')
    keepMode('A', 'note')
    expect(modeOf('A')).toBe('note')
    keep('A', 'note', { text: '', source: null })
    expect(modeOf('A')).toBe('reply')
  })

  it('is another one for another seat', () => {
    keep('A', 'reply', { text: '您好', source: '指南' })
    me.value = { name: 'wang' } as Me
    expect(kept('A', 'reply').text).toBe('')
  })

  it('is kept aside from what comes back, and comes again after it', () => {
    const back = { text: '先前的话', source: '指南' }
    const begun = { text: 'u', source: null }
    const now = giveBack(begun, back)
    expect(now).toMatchObject(back)
    expect(after(now)).toEqual(begun)
    expect(after(giveBack({ text: ' ', source: null }, back)).text).toBe('')
    keep('A', 'reply', { ...now, text: '' })
    expect(after(kept('A', 'reply'))).toEqual(begun)
    expect(after(inserting(now, '您好', null))).toEqual(begun)
  })

  it('changes places with what is kept aside', () => {
    const now = giveBack({ text: '新的', source: '指南' }, { text: '先前的话', source: null })
    expect(swapped(now)).toMatchObject({ text: '新的', source: '指南', aside: { text: '先前的话' } })
    expect(swapped(swapped(now))).toEqual(now)
    expect(swapped({ ...now, text: '' }).aside).toBeUndefined()
  })

  it('rests on what was inserted as long as something of it is there', () => {
    const draft = inserting({ text: '您好', source: null }, '会过期。满两年没用的，年底失效。', '兑换办法')
    expect(draft.text).toBe('您好\n会过期。满两年没用的，年底失效。')
    expect(sourceOf(draft)).toBe('兑换办法')
    expect(sourceOf({ ...draft, text: '您好，满两年没用的会失效' })).toBe('兑换办法')
    expect(sourceOf({ ...draft, text: '我帮您问一下，明天回您' })).toBe(null)
    expect(sourceOf(giveBack({ text: '', source: null }, draft))).toBe('兑换办法')
  })
})
