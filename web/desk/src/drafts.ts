// What a seat has begun to write: an answer and a note for each ticket, never one for both. Kept over a reload.
import { me } from './desk'

export type Mode = 'reply' | 'note'
export interface Draft {
  text: string
  source: string | null
  inserted?: string // the answer that the source is of
  aside?: Draft // begun before what stands there came back, and comes again when that has gone
}

const PIECE = /[。！？；，!?;,\n]+|\.\s/
const LEAST = 4 // characters of a piece that is nobody's by chance

/** The source of what stands there: none, once nothing of what was inserted is left of it. */
export function sourceOf({ text, source, inserted }: Draft): string | null {
  if (!inserted) return source
  const pieces = inserted.split(PIECE).map((each) => each.trim())
  return pieces.some((each) => each.length >= LEAST && text.includes(each)) ? source : null
}

const key = (ref: string, mode: Mode) => `daoxue.draft.${me.value?.name}.${ref}.${mode}`
const modeKey = (ref: string) => `daoxue.mode.${me.value?.name}.${ref}`

export function kept(ref: string, mode: Mode): Draft {
  const found = localStorage.getItem(key(ref, mode))
  return found ? (JSON.parse(found) as Draft) : { text: '', source: null }
}

export function keep(ref: string, mode: Mode, draft: Draft): void {
  if (draft.text || draft.aside) localStorage.setItem(key(ref, mode), JSON.stringify(draft))
  else localStorage.removeItem(key(ref, mode))
}

/** Words come back into the answer's draft as they were; what was begun meanwhile is kept aside, not joined to them. */
export function giveBack(into: Draft, { text, source }: Draft): Draft {
  return { text, source, ...(source ? { inserted: text } : {}), aside: into.text.trim() ? into : into.aside }
}

/** What stands there when the words that stood there have gone. */
export const after = ({ aside }: Draft): Draft => aside ?? { text: '', source: null }

/** What is kept aside in front, and what was in front aside. */
export function swapped(draft: Draft): Draft {
  const { aside, ...front } = draft
  return aside ? { ...aside, aside: front.text.trim() ? { ...front, aside: aside.aside } : aside.aside } : draft
}

/** An answer that was found comes behind what was begun. */
export function inserting(into: Draft, words: string, source: string | null): Draft {
  const text = into.text.trim() ? `${into.text.trimEnd()}\n${words}` : words
  return { ...into, text, source, inserted: words }
}

/** What the seat was writing last in this ticket, where it has not finished it. */
export function modeOf(ref: string): Mode {
  const [reply, note] = [kept(ref, 'reply').text, kept(ref, 'note').text]
  if (reply && note) return localStorage.getItem(modeKey(ref)) === 'note' ? 'note' : 'reply'
  return note ? 'note' : 'reply'
}

export function keepMode(ref: string, mode: Mode): void {
  if (mode === 'note') localStorage.setItem(modeKey(ref), mode)
  else localStorage.removeItem(modeKey(ref))
}
