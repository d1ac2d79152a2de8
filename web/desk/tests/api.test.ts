import { afterEach, describe, expect, it, vi } from 'vitest'
import { addressed, ApiError, get, parsed, post, refusal } from '../src/api'

const answer = (status: number, body: string) =>
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })))
afterEach(() => vi.unstubAllGlobals())

describe('an answer', () => {
  it('is read', async () => {
    answer(200, '{"name":"li"}')
    expect(await get('/me')).toEqual({ name: 'li' })
  })

  it('that is no has a code and words', async () => {
    answer(409, '{"code":"taken","text":"同事先接了"}')
    await expect(post('/tickets/{ref}/take', { ref: 'A' })).rejects.toMatchObject({
      status: 409,
      code: 'taken',
      message: '同事先接了',
    })
  })

  it('that never came says that nothing was done', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')))
    await expect(post('/tickets/{ref}/take', { ref: 'A' })).rejects.toThrow('没有执行')
  })

  it.each([
    ['signed-out', 401, '{"code":"signed_out","text":"请先登录"}'],
    ['must-change', 403, '{"code":"must_change","text":"请先修改一次性密码"}'],
  ])('tells the page when one has to sign in, or to change the password: %s', async (event, status, body) => {
    const heard = vi.fn()
    window.addEventListener(event, heard, { once: true })
    answer(status, body)
    await expect(get('/me')).rejects.toBeInstanceOf(ApiError)
    expect(heard).toHaveBeenCalledOnce()
  })
})

describe("a proxy's page", () => {
  it('is shown by its beginning', () => {
    expect(refusal(502, parsed('<h1>Bad gateway</h1>'))).toMatchObject({ code: '502', message: '<h1>Bad gateway</h1>' })
    expect(refusal(502, parsed('')).message).toContain('再试一次')
  })
})

describe('an address', () => {
  it('has its names filled in, and the rest behind a question mark', () => {
    expect(addressed('/tickets/{ref}/suggestions', { ref: 'A/1', q: '停车 & 费用' })).toBe(
      '/tickets/A%2F1/suggestions?q=%E5%81%9C%E8%BD%A6+%26+%E8%B4%B9%E7%94%A8',
    )
  })

  it('leaves out what is not given', () => {
    expect(addressed('/tickets', { state: 'mine', after: null, most: undefined })).toBe('/tickets?state=mine')
  })
})
