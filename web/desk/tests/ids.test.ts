import { expect, it } from 'vitest'
import { newId } from '../src/ids'

it('is 24 hex digits, and another one each time', () => {
  const made = Array.from({ length: 100 }, newId)
  expect(new Set(made).size).toBe(100)
  expect(made.every((each) => /^[0-9a-f]{24}$/.test(each))).toBe(true)
})
