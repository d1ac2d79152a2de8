import { ElMessageBox, type MessageBoxData } from 'element-plus'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { agreed } from '../src/covering'

/** The service says that the words would be kept so. */
function service(text: string) {
  const asked = vi.fn(() => Promise.resolve(new Response(JSON.stringify({ text }))))
  vi.stubGlobal('fetch', asked)
  return asked
}
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('before something is sent', () => {
  it('nobody is asked about words without a number', async () => {
    const asked = service('')
    expect(await agreed('您好，下午两点开课')).toBe(true)
    expect(asked).not.toHaveBeenCalled()
  })

  it('what stays as it is goes at once', async () => {
    service('请打 0570-1234567')
    expect(await agreed('请打 0570-1234567')).toBe(true)
  })

  it.each([true, false])('a number that will be covered is shown covered, and asked about', async (yes) => {
    service('卡号[学习卡号]')
    const box = vi.spyOn(ElMessageBox, 'confirm')
    if (yes) box.mockResolvedValue({} as MessageBoxData)
    else box.mockRejectedValue('cancel')
    expect(await agreed('卡号620801047296')).toBe(yes)
    expect(box.mock.calls[0]![0]).toContain('卡号[学习卡号]')
  })

  it('what cannot be asked is for sending to say', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')))
    expect(await agreed('卡号620801047296')).toBe(true)
  })
})
