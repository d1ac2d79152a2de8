// What a line of the audit names and says, in words: it is kept in those of the program.
import { channel, channels, role, roles, t } from '../words'

const OURS: Record<string, [string, string]> = {
  system: ['系统', 'the system'],
  cli: ['命令行', 'command line'],
  serve: ['第一次启动', 'the first start'],
  drafts: ['知识草稿', 'drafts'],
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
  conversations: ['对话', 'talks'],
  unanswered: ['没答上的问题', 'unanswered'],
  learner: ['学员', 'learner'],
  broadcast: ['群发', 'broadcast'],
}

/** Who did it, or what it was about; `nameOf` gives the name of an account. */
export function party(key: string, nameOf: (account: string) => string): string {
  if (OURS[key]) return t(...OURS[key])
  const [, first, rest] = /^(\S+) (.+)$/s.exec(key) ?? []
  if (rest && NUMBERED[first!]) return `${t(...NUMBERED[first!]!)} ${rest.replace(' to ', t('—', ' to '))}`
  if (rest && channels.includes(first!)) return `${channel(first)} ${rest}`
  const shown = nameOf(key)
  return shown === key ? key : `${shown}（${key}）`
}

const SAID: Record<string, [string, string]> = {
  live: ['开着看', 'kept open'],
  elsewhere: ['别处的对话', 'a talk elsewhere'],
  inactive: ['账号停用', 'the account is off'],
  wrong: ['用户名或密码不对', 'wrong name or password'],
  wrong_code: ['验证码不对', 'wrong code'],
  oidc: ['统一认证', 'single sign-on'],
  workbook: ['整本工作簿', 'the whole workbook'],
  self: ['本人', 'oneself'],
  proxy: ['代办人', 'a proxy'],
  guardian: ['监护人', 'a guardian'],
  own_wish: ['本人申请', 'they wish it'],
  withdrawn: ['撤回同意', 'they take back their consent'],
  family: ['逝者近亲属申请', 'family of somebody who has died'],
  needless: ['不再需要', 'nobody needs it any more'],
  unlawful: ['本来就不该留', 'it should never have been kept'],
  shown: ['显示名', 'name shown'],
  role: ['角色', 'role'],
  skills: ['技能', 'skills'],
  langs: ['语言', 'languages'],
  capacity: ['同时接几个', 'at a time'],
  place: ['机构', 'place'],
  phone: ['电话', 'phone'],
  active: ['启用停用', 'on or off'],
}
const COUNTED: Record<string, [string, string]> = {
  questions: ['个问题', 'questions'],
  messages: ['条消息', 'messages'],
  conversations: ['段对话', 'talks'],
  'audit lines': ['行审计', 'lines of the audit'],
  learners: ['位学员', 'learners'],
  lots: ['份报名', 'lots'],
  places: ['个名额', 'places'],
  records: ['条目录', 'records'],
  dropped: ['条删去', 'dropped'],
  entries: ['条知识', 'entries'],
  expired: ['条下线', 'expired'],
  accounts: ['个账号', 'accounts'],
  tickets: ['张工单', 'tickets'],
}

/** What stands beside it, part by part; what somebody wrote stays. */
export function said(detail: string): string {
  return detail.replace(/[^,;]+/g, (part) => {
    const words = part.trim()
    const [, count, what] = /^(\d+) (.+)$/.exec(words) ?? []
    if (COUNTED[what!]) return part.replace(words, `${count} ${t(...COUNTED[what!]!)}`)
    if (SAID[words]) return part.replace(words, t(...SAID[words]))
    if (roles.includes(words)) return part.replace(words, role(words))
    const [first, rest] = words.split(' ')
    return rest && channels.includes(first!) && SAID[rest] ? `${channel(first)} ${t(...SAID[rest])}` : part
  })
}
