import { beforeEach, describe, expect, it } from 'vitest'
import type { Me } from '../src/api'
import { me } from '../src/desk'
import { giveBack, inserting, keep, keepMode, kept, modeOf, sourceOf } from '../src/drafts'

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

  it('keeps what was begun behind what comes back', () => {
    const back = { text: '先前的话', source: '指南' }
    expect(giveBack({ text: '新的', source: null }, back)).toMatchObject({ text: '先前的话\n新的', source: '指南' })
    expect(giveBack({ text: ' ', source: null }, back)).toMatchObject(back)
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
