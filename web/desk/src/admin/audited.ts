// Whom a line of the audit names, in words.
import { channel, channels, t } from '../words'

const OURS: Record<string, [string, string]> = {
  system: ['系统', 'the system'],
  cli: ['命令行', 'command line'],
  waiting: ['排队的', 'those that wait'],
  open: ['处理中的', 'those that are open'],
  snoozed: ['稍后处理的', 'those that are put aside'],
  closed: ['已办结的', 'those that are closed'],
  mine: ['自己的', 'their own'],
  search: ['搜到的', 'those that were found'],
  sample: ['示例中心', 'the sample'],
  identity: ['身份', 'identity'],
  'own data': ['本人数据', 'own data'],
  'deceased relative': ['亲属过世', 'a deceased relative'],
  bind: ['绑定', 'binding'],
  credit: ['学分', 'credits'],
  'all learners': ['全体学员', 'all learners'],
}
const NUMBERED: Record<string, [string, string]> = {
  conversation: ['对话', 'talk'],
  learner: ['学员', 'learner'],
  broadcast: ['群发', 'broadcast'],
}

/** Who did it, or what it was about; `nameOf` gives the name of an account. */
export function party(key: string, nameOf: (account: string) => string): string {
  if (OURS[key]) return t(...OURS[key])
  const [first, rest] = key.split(' ', 2)
  if (rest && NUMBERED[first!]) return `${t(...NUMBERED[first!]!)} ${rest}`
  if (rest && channels.includes(first!)) return `${channel(first)} ${rest}`
  const shown = nameOf(key)
  return shown === key ? key : `${shown}（${key}）`
}
