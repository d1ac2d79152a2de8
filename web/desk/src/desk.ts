// What the page knows of the desk: a snapshot, kept true by events. Snapshot and events come to a fresh snapshot.
import { computed, ref, shallowRef, triggerRef } from 'vue'
import { ApiError, get, type Colleague, type Me, type Ticket, type TicketPage, type Whole } from './api'
import * as live from './live'
import type { EventFrame } from './openapi'
import { notice } from './notices'
import { takeIn } from './words'

export const me = ref<Me | null>(null)
/** The channel of the ticket that is open. */
export const line = computed(() => me.value?.channels.find((each) => each.id === whole.value?.ticket.channel))
export const may = (permission: string) => me.value?.may.includes(permission) ?? false
export const tickets = shallowRef(new Map<string, Ticket>())
export const loading = ref(false)
export const trouble = ref('')
export const now = ref(Date.now())
/** Looks at the clock: the service's. */
export const tick = () => (now.value = Date.now() + live.ahead.value)
window.setInterval(tick, 1000)
window.setInterval(() => window.dispatchEvent(new Event('minute')), 60_000) // what changes by the clock alone

/** Large type, on or off. */
export const large = ref(localStorage.getItem('daoxue.large') ?? 'off')

export type Shelf = 'mine' | 'waiting' | 'callback' | 'open' | 'snoozed' | 'closed'
export const shelf = ref<Shelf>('waiting')
export const whole = ref<Whole | null>(null)
export const typing = ref(0)
export const deliveredTo = ref(0)
export const colleagues = ref<Colleague[]>([])
export const closedNext = ref<string | null>(null)

const byRank = (a: Ticket, b: Ticket) => a.rank - b.rank || (a.ref < b.ref ? -1 : 1)
const byChange = (a: Ticket, b: Ticket) => b.updated_at - a.updated_at || (a.ref < b.ref ? 1 : -1)

const byCall = (a: Ticket, b: Ticket) => (a.call_due ?? 0) - (b.call_due ?? 0) || byRank(a, b)

function shelved(ticket: Ticket, on: Shelf): boolean {
  if (on === 'mine') return ticket.owner === me.value?.name && ticket.state !== 'closed'
  if (on === 'callback') return ticket.call_due !== null && ticket.state !== 'closed'
  // Who is to be rung up does not wait in line; danger to life is looked for where everybody looks.
  if (on === 'waiting') return ticket.state === on && (ticket.call_due === null || ticket.priority === 0)
  return ticket.state === on
}

export const list = computed(() => {
  const on = shelf.value
  const found = [...tickets.value.values()].filter((each) => shelved(each, on))
  return found.sort(on === 'closed' ? byChange : on === 'callback' ? byCall : byRank)
})

export const counts = computed(() => {
  const found: Record<Shelf, number> = { mine: 0, waiting: 0, callback: 0, open: 0, snoozed: 0, closed: 0 }
  const shelves = Object.keys(found) as Shelf[]
  for (const ticket of tickets.value.values()) for (const each of shelves) if (shelved(ticket, each)) found[each] += 1
  return found
})
/** All that nobody has. */
export const unowned = computed(() => [...tickets.value.values()].filter((each) => each.state === 'waiting').length)

export const offers = computed(() =>
  [...tickets.value.values()]
    .filter((each) => each.state === 'waiting' && each.offered_to === me.value?.name)
    .sort(byRank),
)

/** What waits longest of what this seat may take, and nobody is asked about. */
export const next = (): Ticket | null =>
  [...tickets.value.values()].filter((each) => each.state === 'waiting' && !each.offered_to).sort(byRank)[0] ?? null

/** Mine in which the resident waits for an answer. */
export const unanswered = computed(
  () => [...tickets.value.values()].filter((each) => shelved(each, 'mine') && each.unanswered_since).length,
)

async function all(state: Shelf, most = 10_000): Promise<{ found: Ticket[]; seq: number }> {
  const found: Ticket[] = []
  let after: string | null = null
  let seq = -1
  do {
    const page: TicketPage = await get('/tickets', { state, most: 500, after })
    if (seq < 0) seq = page.seq
    found.push(...page.tickets)
    after = page.next
  } while (after && found.length < most)
  return { found, seq }
}

/** A fresh snapshot; events go on from the number it knows. */
export async function fetchAll(): Promise<number> {
  loading.value = true
  try {
    const pages = await Promise.all((['waiting', 'mine', 'open', 'snoozed'] as const).map((state) => all(state)))
    const fresh = new Map<string, Ticket>()
    for (const page of pages) for (const ticket of page.found) fresh.set(ticket.ref, ticket)
    tickets.value = fresh
    trouble.value = ''
    if (shelf.value === 'closed') await moreClosed(true)
    return Math.min(...pages.map((page) => page.seq))
  } finally {
    loading.value = false
  }
}

export async function moreClosed(fromStart = false): Promise<void> {
  if (!fromStart && closedNext.value === null) return
  const after = fromStart ? null : closedNext.value
  const page = await get('/tickets', { state: 'closed', most: 100, after })
  for (const ticket of page.tickets) put(ticket)
  closedNext.value = page.next
  triggerRef(tickets)
}

function put(ticket: Ticket): void {
  const known = tickets.value.get(ticket.ref)
  if (!known || known.version <= ticket.version) tickets.value.set(ticket.ref, ticket)
}

/** What a command answered: the ticket as it is now, before its event comes. */
export function learn(ticket: Ticket): void {
  put(ticket)
  triggerRef(tickets)
  if (whole.value?.ticket.ref === ticket.ref && whole.value.ticket.version <= ticket.version)
    whole.value.ticket = ticket
}

/** Who one is and what one may, with what the house calls its topics and channels. */
export async function lookAtMe(): Promise<void> {
  me.value = await get('/me')
  takeIn(me.value)
}

export async function begin(): Promise<void> {
  await lookAtMe()
  if (me.value?.must_change) return // nothing else is open before that
  if (may('ticket.read'))
    void load() // the page is there while its lists come
  else if (may('broadcast.write') || may('broadcast.approve')) live.start(null, hear, () => {})
}

async function load(): Promise<void> {
  try {
    live.start(await fetchAll(), hear, () => void again())
    await fetchColleagues()
  } catch (error) {
    trouble.value = explain(error)
    window.setTimeout(() => me.value && void load(), 3000)
  }
}

async function again(): Promise<void> {
  try {
    live.restartAt(await fetchAll())
    if (whole.value) await open(whole.value.ticket.ref)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) whole.value = null // it is for somebody else now
    trouble.value = explain(error)
  }
}

export async function fetchColleagues(): Promise<void> {
  colleagues.value = (await get('/colleagues')).colleagues
}

export const nameOf = (name: string | null | undefined) =>
  (name && colleagues.value.find((each) => each.name === name)?.shown) || name || ''

function hear(frame: live.Frame): void {
  if (frame.type === 'typing') {
    if (frame.ref === whole.value?.ticket.ref) typing.value = tick()
  } else if (frame.type === 'delivered') {
    if (frame.ref === whole.value?.ticket.ref) deliveredTo.value = Math.max(deliveredTo.value, frame.to)
  } else if (frame.type === 'changed') {
    window.dispatchEvent(new Event(frame.what))
  } else if (frame.type === 'event') {
    put(frame.ticket)
    triggerRef(tickets)
    follow(frame)
    if (me.value) notice(frame, me.value.name)
    window.dispatchEvent(new CustomEvent('happened', { detail: frame }))
  }
}

function follow({ seq, kind, actor, at, data, ticket, messages }: EventFrame): void {
  const open = whole.value
  if (!open || open.ticket.ref !== ticket.ref) return
  if (open.ticket.version <= ticket.version) open.ticket = ticket
  if (!open.events.some((each) => each.seq === seq)) {
    open.events.push({ seq, kind, actor, at, data })
    if (kind === 'call') open.call = data.stage as Whole['call']
  }
  for (const message of messages) {
    const other = open.elsewhere.find((each) => each.talk === message.talk)
    const said = message.talk === open.talk ? open.messages : other?.messages
    if (said && !said.some((each) => each.seq === message.seq)) said.push(message)
    said?.sort((a, b) => a.seq - b.seq)
    if (message.author === 'resident') typing.value = 0
  }
  if (kind === 'moved' && data.conversation !== open.talk) void reopen(ticket.ref)
}

/** Its resident goes on with it on another channel: what was said there is fetched, and heard from here on. */
async function reopen(ref: string): Promise<void> {
  try {
    await open(ref)
  } catch (error) {
    trouble.value = explain(error)
  }
}

export async function open(ref: string): Promise<void> {
  live.tell({ type: 'watch', ref }) // first, so that nothing said meanwhile is missed
  const fetched = await get('/tickets/{ref}', { ref })
  deliveredTo.value = fetched.waiting_from === null ? (fetched.messages.at(-1)?.seq ?? 0) : fetched.waiting_from - 1
  typing.value = 0
  whole.value = fetched
  learn(fetched.ticket)
}

window.addEventListener('live-open', () => {
  if (whole.value) live.tell({ type: 'watch', ref: whole.value.ticket.ref })
})

export function explain(error: unknown): string {
  return error instanceof ApiError || error instanceof Error ? error.message : String(error)
}
