import { beforeEach, describe, expect, it } from 'vitest'
import type { Me } from '../src/api'
import { me } from '../src/desk'
import { giveBack, keep, keepMode, kept, modeOf } from '../src/drafts'

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
    expect(giveBack({ text: '新的', source: null }, back)).toEqual({ text: '先前的话\n新的', source: '指南' })
    expect(giveBack({ text: ' ', source: null }, back)).toEqual(back)
  })
})
