import { describe, expect, it } from 'vitest'
import { newsOf } from '../src/news'
import type { EventFrame } from '../src/openapi'

const event = (kind: string, actor: string, data: object) =>
  ({ seq: 1, kind, actor, at: 1, ref: 'A', data, messages: [] }) as unknown as EventFrame

describe('what concerns a seat', () => {
  it.each([
    ['another takes its ticket over', event('taken', 'chen', { from: 'li' }), 'lost'],
    ['another passes its ticket on', event('transferred', 'chen', { from: 'li', to: 'wang' }), 'lost'],
    ['a ticket is passed to it', event('transferred', 'wang', { from: 'wang', to: 'li' }), 'given'],
    ['a note is for it', event('noted', 'chen', { text: 'x', mentions: ['li'] }), 'word'],
    ['it takes a ticket itself', event('taken', 'li', { from: null }), undefined],
    ['it passes its own ticket on', event('transferred', 'li', { from: 'li', to: 'wang' }), undefined],
    ['a note is for another', event('noted', 'chen', { text: 'x', mentions: ['wang'] }), undefined],
    ['another takes what nobody had', event('taken', 'wang', { from: null }), undefined],
  ])('%s', (_, frame, kind) => {
    expect(newsOf(frame, 'li')?.kind).toBe(kind)
  })
})
