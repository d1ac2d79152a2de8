// Entries of knowledge, as editors see them, and what is computed of them.
import type { English, Entry } from '../openapi'
import { dayOf, t } from '../words'

export type { Entry, EntryUsed as Line, Gap, WholeEntry } from '../openapi'

export const statusOf = (name: string) =>
  ({
    draft: t('草稿', 'Draft'),
    in_review: t('待审核', 'In review'),
    published: t('已发布', 'Published'),
    expired: t('已下线', 'Expired'),
    withdrawing: t('等另一个人同意下线', 'Withdrawn once a second person agrees'),
  })[name] ?? name

/** The lines of a field that has one thing a line. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((each) => each.trim())
    .filter(Boolean)

const DAY = 86_400_000 // ms
const VALID = 365 // days that a new entry holds unless its editor says otherwise

/** A new entry with nothing said yet. */
export function blank(now: number): Entry {
  return {
    id: '',
    topic: 'course_faq',
    kind: 'faq',
    standard: null,
    questions: [],
    answer: '',
    spoken: null,
    sms: null,
    person: false,
    audience: '所有居民',
    district: '本区',
    source: '',
    owner: '',
    valid_from: dayOf(now),
    valid_until: dayOf(now + VALID * DAY),
  }
}

/** An entry as a form holds it: what is a list stands one a line, what is missing is empty. */
export type Form = ReturnType<typeof formOf>
export function formOf(entry: Entry) {
  return {
    ...entry,
    audience: entry.audience ?? '所有居民',
    district: entry.district ?? '本区',
    kind: entry.kind ?? 'faq',
    person: entry.person ?? false,
    standard: entry.standard ?? '',
    source_en: entry.source_en ?? '',
    spoken: entry.spoken ?? '',
    sms: entry.sms ?? '',
    questions: entry.questions?.join('\n') ?? '',
    steps: entry.steps?.join('\n') ?? '',
    english: entry.en?.answer ?? '',
    englishSteps: entry.en?.steps?.join('\n') ?? '',
  }
}

/** The forms of an answer that are not made of it when it changes. */
const FORMS = ['spoken', 'sms', 'en'] as const
export type Written = (typeof FORMS)[number]
export const formName = (form: Written) =>
  ({ spoken: t('口语', 'Spoken'), sms: t('短信', 'SMS'), en: t('英文回答', 'English') })[form]

/** The forms that say what they said, though what they are to say again has changed: before now, or in this form. */
export function unlooked(now: Entry, before: Entry): Written[] {
  const same = (form: Written) => JSON.stringify(now[form] ?? null) === JSON.stringify(before[form] ?? null)
  const other = now.answer !== before.answer || JSON.stringify(now.steps ?? []) !== JSON.stringify(before.steps ?? [])
  return FORMS.filter((form) => now[form] && same(form) && (other || before.stale?.includes(form)))
}

/** What the form says. Other English forms, which files may give, hold as long as the answer is the same (`before`). */
export function written({ english, englishSteps, ...form }: Form, before: English | null): Entry {
  const kept = before?.answer === english ? before : {}
  return {
    ...form,
    en: english.trim() ? { ...kept, answer: english, steps: linesOf(englishSteps) } : null,
    source_en: form.source_en || null,
    standard: form.standard || null,
    questions: linesOf(form.questions),
    steps: linesOf(form.steps),
    spoken: form.spoken.trim() || null,
    sms: form.sms.trim() || null,
  }
}

export interface Change {
  field: string
  gone: string[]
  come: string[]
}

/** Line by line, what an older version had and this one has not, and the other way round. */
export function difference(old: Entry, now: Entry): Change[] {
  const found: Change[] = []
  for (const field of Object.keys({ ...old, ...now }) as (keyof Entry)[]) {
    const before = told(old[field])
    const after = told(now[field])
    const gone = before.filter((each) => !after.includes(each))
    const come = after.filter((each) => !before.includes(each))
    if (gone.length || come.length) found.push({ field, gone, come })
  }
  return found
}

function told(value: Entry[keyof Entry]): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  if (typeof value === 'object') return [value.answer, ...(value.steps ?? [])]
  return String(value).split('\n')
}
