import { describe, expect, it } from 'vitest'
import { blank, difference, formOf, linesOf, unlooked, written, type Entry } from '../src/knowledge/entries'

const entry: Entry = {
  ...blank(Date.UTC(2026, 4, 6)),
  id: 'parking',
  questions: ['停车要钱吗', '有停车位吗'],
  answer: '不收钱。',
  spoken: '不收钱',
  sms: '停车不收钱。',
  source: '后勤',
  owner: '后勤',
}

describe('a new entry', () => {
  it('holds a year from today', () => {
    expect([entry.valid_from, entry.valid_until]).toEqual(['2026-05-06', '2027-05-06'])
  })
})

describe('a form', () => {
  it('gives back what it was made of', () => {
    expect(written(formOf(entry), null)).toMatchObject({ ...entry, steps: [], en: null, source_en: null })
  })

  it('leaves empty what follows the answer', () => {
    const said = written({ ...formOf(entry), answer: '很'.repeat(200), spoken: ' ', sms: '' }, null)
    expect([said.spoken, said.sms]).toEqual([null, null])
  })

  it('names the forms that were written for an earlier answer', () => {
    const both = { ...entry, en: { answer: 'Free.', steps: [] } }
    const form = { ...formOf(both), answer: '收钱了。' }
    expect(unlooked(written(formOf(both), both.en), both)).toEqual([])
    expect(unlooked(written(form, both.en), both)).toEqual(['spoken', 'sms', 'en'])
    expect(unlooked(written({ ...form, sms: '停车收钱。', spoken: '' }, both.en), both)).toEqual(['en'])
    expect(unlooked(written(formOf(both), both.en), { ...both, stale: ['sms'] })).toEqual(['sms'])
  })

  it('keeps other English forms only while the English answer is the same', () => {
    const en = { answer: 'Free.', spoken: 'It is free', steps: [] }
    const form = formOf({ ...entry, en })
    expect(written(form, en).en).toEqual(en)
    expect(written({ ...form, english: 'No charge.' }, en).en).toEqual({ answer: 'No charge.', steps: [] })
    expect(written({ ...form, english: ' ' }, en).en).toBeNull()
  })
})

describe('lines', () => {
  it('are trimmed, and empty ones left out', () => expect(linesOf(' 一 \n\n二\n ')).toEqual(['一', '二']))
})

describe('difference', () => {
  it('is nothing between the same', () => expect(difference(entry, { ...entry })).toEqual([]))

  it('names each field and the lines that went and came', () => {
    const now = { ...entry, answer: '不收钱。\n晚上关门。', questions: ['停车要钱吗'] }
    expect(difference(entry, now)).toEqual([
      { field: 'questions', gone: ['有停车位吗'], come: [] },
      { field: 'answer', gone: [], come: ['晚上关门。'] },
    ])
  })

  it('reads English and what was not there before', () => {
    const now = { ...entry, en: { answer: 'Free.', steps: ['Drive in'] } }
    expect(difference(entry, now)).toEqual([{ field: 'en', gone: [], come: ['Free.', 'Drive in'] }])
  })
})
