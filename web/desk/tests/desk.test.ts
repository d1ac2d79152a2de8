import { beforeEach, describe, expect, it } from 'vitest'
import type { Me, Ticket } from '../src/api'
import { counts, list, me, offers, shelf, tickets, unanswered, unowned } from '../src/desk'

const ticket = (ref: string, more: Partial<Ticket> = {}) =>
  ({
    ref,
    state: 'waiting',
    rank: 1,
    owner: null,
    offered_to: null,
    call_due: null,
    unanswered_since: null,
    updated_at: 0,
    ...more,
  }) as Ticket
const know = (...all: Ticket[]) => (tickets.value = new Map(all.map((each) => [each.ref, each])))
const refs = () => list.value.map((each) => each.ref)

beforeEach(() => {
  me.value = { name: 'li', may: [] as string[] } as Me
  shelf.value = 'waiting'
})

describe('the lists', () => {
  it('have the queue in its order, the same rank by reference', () => {
    know(ticket('C', { rank: 2 }), ticket('B'), ticket('A'))
    expect(refs()).toEqual(['A', 'B', 'C'])
  })

  it('have the last changed of the closed first', () => {
    shelf.value = 'closed'
    know(ticket('A', { state: 'closed', updated_at: 1 }), ticket('B', { state: 'closed', updated_at: 2 }))
    expect(refs()).toEqual(['B', 'A'])
  })

  it('have calls by when they are due, none of the closed', () => {
    shelf.value = 'callback'
    know(ticket('A', { call_due: 9 }), ticket('B', { call_due: 3 }), ticket('C', { call_due: 1, state: 'closed' }))
    expect(refs()).toEqual(['B', 'A'])
  })

  it('have mine whatever its state but closed', () => {
    shelf.value = 'mine'
    know(
      ticket('A', { owner: 'li', state: 'open' }),
      ticket('B', { owner: 'li', state: 'snoozed' }),
      ticket('C', { owner: 'li', state: 'closed' }),
      ticket('D', { owner: 'wang', state: 'open' }),
    )
    expect(refs()).toEqual(['A', 'B'])
  })
})

describe('the counts', () => {
  it('count a ticket on each list it is on; who is to be rung up does not wait in line', () => {
    know(
      ticket('A', { call_due: 1 }),
      ticket('B', { state: 'open', owner: 'li', unanswered_since: 5 }),
      ticket('C'),
      ticket('D', { call_due: 1, priority: 0 }),
    )
    expect(counts.value).toEqual({ waiting: 2, callback: 2, open: 1, mine: 1, snoozed: 0, closed: 0 })
    expect(unowned.value).toBe(3)
    expect(unanswered.value).toBe(1)
  })

  it('offer what is offered to me and still waits', () => {
    know(
      ticket('A', { offered_to: 'li' }),
      ticket('B', { offered_to: 'wang' }),
      ticket('C', { offered_to: 'li', state: 'open' }),
    )
    expect(offers.value.map((each) => each.ref)).toEqual(['A'])
  })
})
