// Everything that the page asks of the service, as `openapi.json` describes it. An answer that is no is an `ApiError`
// with words for people.
import type { paths } from './openapi'
import { lang, t } from './words'

export type {
  Affairs,
  Centre,
  AuditedAction,
  AuditLine,
  BoardShown,
  CannedText,
  Category,
  Colleague,
  Course,
  Delivery,
  Draw,
  Ended,
  ErasureReason,
  ForWhom,
  GivenUp,
  Health,
  SearchHit as Hit,
  Hook,
  Imported,
  InvitationShown,
  LearnerRecord,
  Order,
  Organisation,
  PlaceShown as Place,
  Previewed,
  QuotaShown as Quota,
  Revealed,
  Reviews,
  Secret,
  SheetJudged,
  Shift,
  SpecialDay,
  Suggestion,
  TextShown,
  Theme,
  TokenShown,
  TrialShown as Tried,
  Whole,
  Account as Person,
  About as StandardAbout,
  BroadcastRow as Broadcast,
  EventShown as Happened,
  ReportLine,
  ResidentFile,
  MessageShown as Said,
  Myself as Me,
  OneTime,
  Opening,
  Progress,
  Proportion,
  RedemptionItem as Item,
  Report,
  ReversalRow,
  StandardListed as Standard,
  Stranger,
  Summary as Ticket,
  TalkShown as Talk,
  TicketPage,
} from './openapi'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
  ) {
    super(text)
  }
}

type Method = 'get' | 'post' | 'put' | 'delete'
/** The addresses at which there is such an operation. */
type Address<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, object> ? P : never }[keyof paths]
type Operation<P extends keyof paths, M extends Method> = M extends keyof paths[P] ? paths[P][M] : never
type Named<T> = [T] extends [never] ? unknown : T
/** What stands in the address of an operation, and behind its question mark. */
type Params<O> = (O extends { parameters: { path: infer A } } ? A : unknown) &
  (O extends { parameters: { query?: infer Q } } ? Named<NonNullable<Q>> : unknown)
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : undefined
type Answer<O> = O extends { responses: { 200: { content: { 'application/json': infer A } } } } ? A : never
type Given<O> =
  Body<O> extends undefined
    ? object extends Params<O>
      ? [params?: Params<O>]
      : [params: Params<O>]
    : [params: Params<O>, body: Body<O>]

const asking =
  <M extends Method>(method: M) =>
  <P extends Address<M>>(path: P, ...[params, body]: Given<Operation<P, M>>): Promise<Answer<Operation<P, M>>> => {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const how = { method: method.toUpperCase(), headers, body: body === undefined ? undefined : JSON.stringify(body) }
    return send(addressed(path, params ?? {}), how)
  }

export const get = asking('get')
export const post = asking('post')
export const put = asking('put')
export const drop = asking('delete')

export const upload = (path: Address<'post'>, params: object, body: FormData) =>
  send(addressed(path, params), { method: 'POST', body })

type Value = string | number | boolean

/** The address with its names filled in; what it does not name stands behind a question mark. */
export function addressed(path: string, params: object): string {
  const rest = new URLSearchParams()
  let filled = path
  for (const [name, value] of Object.entries(params) as [string, Value | Value[] | null | undefined][]) {
    if (value === undefined || value === null) continue
    if (Array.isArray(value)) {
      for (const each of value) rest.append(name, String(each))
      continue
    }
    if (path.includes(`{${name}}`)) filled = filled.replace(`{${name}}`, encodeURIComponent(value))
    else rest.set(name, String(value))
  }
  return rest.size ? `${filled}?${rest}` : filled
}

async function send<T>(path: string, how: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api${path}`, { ...how, headers: { ...how.headers, 'accept-language': lang.value } })
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
  if (error.code === 'must_change') window.dispatchEvent(new Event('must-change'))
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
  const known = typeof code === 'string' ? code : String(status)
  const said =
    typeof text === 'string' && text ? text : t('服务出了点问题，请再试一次', 'Something went wrong; please try again')
  return new ApiError(status, known, t(said, ENGLISH[known] ?? said))
}

// What the service says in Chinese when somebody is not let in, or their account is not changed.
const ENGLISH: Record<string, string> = {
  wrong: 'The name or the password is wrong.',
  locked:
    'Too many wrong tries. Please wait some minutes, or add a code of your authenticator; ' +
    'an administrator can reset the password.',
  busy: 'Too many people are signing in at this moment. Please try again in a few seconds.',
  code_needed: 'Please type the code of your authenticator.',
  wrong_code: 'The code is wrong or was used before: please wait for the next one.',
  expired: 'This one-time password has expired. Please ask an administrator for another one.',
  must_change: 'Please change your one-time password first.',
  too_large: 'This is too large.',
  unusable: 'The database cannot be used at this moment; nothing was done. Please tell whoever runs the service.',
}
