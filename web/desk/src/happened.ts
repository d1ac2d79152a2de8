// What happened to a ticket, in words.
import type { Happened } from './api'
import { why } from './talk/files'
import { channel, clock, kind, reason, result, skill, t } from './words'

const CALLED: Record<string, [string, string]> = {
  completed: ['已接通', 'answered'],
  busy: ['占线', 'busy'],
  'no-answer': ['没人接', 'no answer'],
  failed: ['打不通', 'failed'],
  canceled: ['已取消', 'cancelled'],
}

/** What an event's data says under a name; empty where it says nothing. */
const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** A line about an event; `nameOf` gives the name of an account. */
export function described(event: Happened, nameOf: (account: string) => string): string {
  const data = event.data
  const who = nameOf(event.actor)
  switch (event.kind) {
    case 'taken':
      return data.from
        ? t(`${who} 从 ${nameOf(word(data.from))} 接管`, `${who} took it over from ${nameOf(word(data.from))}`)
        : t(`${who} 接单`, `${who} took it`)
    case 'alarmed': {
      const seats = (data.seats as string[]).map(nameOf).join('、')
      return seats
        ? t(`紧急：同时呼叫 ${seats}`, `Danger: called ${seats}`)
        : t('紧急：没有坐席在线', 'Danger: nobody is there')
    }
    case 'unheeded':
      return t('一分钟没人接，已呼叫班长', 'Nobody took it for a minute: the supervisor was called')
    case 'passed':
      return t(`${nameOf(word(data.seat))} 没有接`, `${nameOf(word(data.seat))} let it pass`)
    case 'returned':
      if (data.why === 'complained')
        return t('居民投诉了经办的坐席，工单转给别人', 'The resident complains of who had it: it goes to somebody else')
      return t(`${who} 离开，工单回到队列`, `${who} left; back to the queue`)
    case 'transferred': {
      const to = data.to ? nameOf(word(data.to)) : skill(word(data.skill))
      return t(`${who} 转给 ${to}`, `${who} passed it to ${to}`) + (data.word ? `：${word(data.word)}` : '')
    }
    case 'noted': {
      const to = (data.mentions as string[] | undefined)?.map((each) => `@${nameOf(each)}`).join(' ')
      const unsent = data.unsent ? t('（没有发给居民）', ' (not sent to the resident)') : ''
      return `${who}${to ? ` ${to}` : ''}${unsent}：${word(data.text)}`
    }
    case 'snoozed':
      return t(
        `${who} 稍后处理，到 ${clock(Number(data.until))}`,
        `${who} put it aside until ${clock(Number(data.until))}`,
      )
    case 'closed':
      return (
        t(`${who} 办结：${result(word(data.result))}`, `${who} closed it: ${result(word(data.result))}`) +
        (data.note ? `（${word(data.note)}）` : '')
      )
    case 'called': {
      const how = CALLED[word(data.result)] ?? [word(data.result), word(data.result)]
      return t(`${who} 拨打居民电话：${how[0]}`, `${who} called the resident: ${how[1]}`)
    }
    case 'rated':
      return (
        t('居民评价', 'The resident gave') + ' ' + '★'.repeat(Number(data.stars)) + '☆'.repeat(5 - Number(data.stars))
      )
    case 'tagged':
      return t('标签：', 'Tags: ') + (data.tags as string[]).join('、')
    case 'file':
      return t('居民发的一个文件没有收下：', 'A file of the resident was not taken: ') + why(word(data.why))
    case 'moved':
      return t(`居民现在在：${channel(word(data.channel))}`, `The resident is now on: ${channel(word(data.channel))}`)
    case 'proven':
      return t('居民证明了自己是谁', 'The resident has proven who they are')
    case 'raised':
      if (data.reason === 'answer_by') return reason('answer_by')
      return t(`优先级提高：${reason(word(data.reason))}`, `Raised: ${reason(word(data.reason))}`)
    default:
      return `${kind(event.kind)} ${who === 'system' || who === 'bot' ? '' : who}`
  }
}
