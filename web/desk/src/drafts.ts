// What a seat has begun to write: an answer and a note for each ticket, never one for both. Kept over a reload.
import { me } from './desk'

export type Mode = 'reply' | 'note'
export interface Draft {
  text: string
  source: string | null
  inserted?: string // the answer that the source is of
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
  if (draft.text) localStorage.setItem(key(ref, mode), JSON.stringify(draft))
  else localStorage.removeItem(key(ref, mode))
}

/** Words come back into the answer's draft, before what was begun meanwhile. */
export function giveBack(into: Draft, back: Draft): Draft {
  const text = into.text.trim() ? `${back.text}\n${into.text}` : back.text
  return { text, ...(back.source ? { source: back.source, inserted: back.text } : of(into)) }
}

const of = ({ source, inserted }: Draft) => ({ source, inserted })

/** An answer that was found comes behind what was begun. */
export function inserting(into: Draft, words: string, source: string | null): Draft {
  const text = into.text.trim() ? `${into.text.trimEnd()}\n${words}` : words
  return { text, source, inserted: words }
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
