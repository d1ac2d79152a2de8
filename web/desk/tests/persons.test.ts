import { beforeEach, describe, expect, it } from 'vitest'
import type { Said, Ticket, Whole } from '../src/api'
import { tickets } from '../src/desk'
import { goesBack, several, talks } from '../src/persons'

const ticket = (ref: string, person: string, state = 'waiting') => ({ ref, person, state }) as Ticket
const said = (talk: number, seq: number) => ({ talk, seq, at: seq }) as Said

beforeEach(() => {
  tickets.value = new Map()
})

describe('one person', () => {
  it('is marked where they have several tickets that are not closed', () => {
    const all = [ticket('A', 'p'), ticket('B', 'p', 'open'), ticket('C', 'p', 'closed'), ticket('D', 'q')]
    tickets.value = new Map(all.map((each) => [each.ref, each]))
    expect([...several.value]).toEqual([['p', 2]])
  })

  it('has one history of all talks, each with its channel', () => {
    const open = {
      ticket: { channel: 'webchat' },
      talk: 2,
      messages: [said(2, 1)],
      elsewhere: [{ talk: 1, channel: 'wechat', messages: [said(1, 7)] }],
    } as unknown as Whole
    expect(talks(open).map((each) => [each.channel, goesBack(each)])).toEqual([
      ['webchat', false],
      ['wechat', true],
    ])
  })
})
