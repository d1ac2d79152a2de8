// Everything that the page asks of the service. An answer that is no is an `ApiError` with words for people.
import { t } from './words'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
  ) {
    super(text)
  }
}

export function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  return send<T>(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
}

async function send<T>(path: string, how: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api${path}`, how)
  } catch {
    throw new ApiError(
      0,
      'offline',
      t('连不上服务，没有执行。请检查网络后再试。', 'The service cannot be reached; nothing was done.'),
    )
  }
  const content = parsed(await response.text())
  if (response.ok) return content as T
  const error = refusal(response.status, content)
  if (error.code === 'signed_out') window.dispatchEvent(new Event('signed-out'))
  throw error
}

/** What an answer says; where that is no JSON (a proxy's page), its beginning as `text`. */
export function parsed(text: string): unknown {
  try {
    return text ? (JSON.parse(text) as unknown) : {}
  } catch {
    return { text: text.slice(0, 200) }
  }
}

export function refusal(status: number, content: unknown): ApiError {
  const { code, text } = (content ?? {}) as { code?: unknown; text?: unknown }
  return new ApiError(
    status,
    typeof code === 'string' ? code : String(status),
    typeof text === 'string' && text ? text : t('服务出了点问题，请再试一次', 'Something went wrong; please try again'),
  )
}

export const upload = <T>(path: string, body: FormData) => send<T>(path, { method: 'POST', body })
export const get = <T>(path: string) => call<T>('GET', path)
export const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body)
export const put = <T>(path: string, body: unknown = {}) => call<T>('PUT', path, body)
export const drop = <T>(path: string) => call<T>('DELETE', path)

export interface Ticket {
  ref: string
  state: 'waiting' | 'open' | 'snoozed' | 'closed'
  topic: string
  skill: string
  reason: string
  priority: number
  rank: number
  owner: string | null
  offered_to: string | null
  offered_until: number | null
  last_seat: string | null
  place: string | null
  level: number
  channel: string
  lang: string
  person: string
  opened_at: number
  answered_at: number | null
  closed_at: number | null
  updated_at: number
  unanswered_since: number | null
  snoozed_until: number | null
  due_at: number | null
  call_due: number | null
  attempts: number
  seq: number
  result: string | null
  stars: number | null
  tags: string[]
  version: number
  about: string
  last: string
  last_author: string
}

export interface Said {
  seq: number
  author: 'resident' | 'bot' | 'seat' | 'system'
  text: string
  at: number
  id: string | null
  options: string[]
  source: string | null
  cards: { title: string; lines: string[] }[]
  files: { name: string; type: string; path: string }[]
}

export interface Quota {
  left: number
  until: number
}

export interface Happened {
  seq: number
  kind: string
  actor: string
  at: number
  data: Record<string, unknown>
}

export interface Whole {
  ticket: Ticket
  messages: Said[]
  events: Happened[]
  others: Ticket[]
  waiting_from: number | null
  dead: boolean
  quota: Quota | null
  call: 'talk' | 'queue' | 'ringing' | 'bridged' | 'conference' | 'held' | 'callback' | 'voicemail' | 'ended' | null
  resident: {
    slots: Record<string, string>
    summary: string
    tried: string[]
    place: string | null
    person: string
  }
}

export interface Me {
  name: string
  shown: string
  role: string
  skills: string[]
  capacity: number
  must_change: boolean
  totp: boolean
  ready: boolean
  may: string[]
  counter: boolean
  place: string | null
  phone: boolean
}

export interface Colleague {
  name: string
  shown: string
  role: string
  skills: string[]
  phone: boolean
  here: boolean
  ready: boolean
  load: number
  capacity: number
}

export interface Order {
  ref: string
  name: string
  points: number
  state: string
  site: string
  until: number
}

export interface LearnerRecord {
  id: number
  name: string
  tail: string
  status: string
  minor: boolean
  balance: { credits: number; points: number; frozen: number; last: string; as_of: number | null } | null
  entries: {
    id: number | null
    day: string
    type: string
    credits: number
    points: number
    frozen: number
    note: string
  }[]
  orders: Order[]
  enrolments: { id: string; class: string; state: string; ahead: number; until: number | null }[]
}

/** A standard question, as `GET /api/knowledge/standard` describes it (`Listed`). */
export interface Standard {
  id: string
  topic: string
  zh: string
  en: string
  careful: boolean
  state: 'answered' | 'expiring' | 'expired' | 'open'
  entry: string | null
  status: string | null
  valid_until: string | null
  answered: number
  unanswered: number
}

export interface StandardAbout {
  id: string
  examples: string[]
  near: { id: string; zh: string; en: string }[]
}
