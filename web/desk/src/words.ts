// Chinese first, English second: every word on the page is given in both, where it is used.
import { reactive, ref, watchEffect } from 'vue'

export type Lang = 'zh' | 'en'

export const lang = ref<Lang>((localStorage.getItem('daoxue.lang') as Lang) || 'zh')
watchEffect(() => {
  localStorage.setItem('daoxue.lang', lang.value)
  document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en'
})

export function t(zh: string, en: string): string {
  return lang.value === 'zh' ? zh : en
}

/** What the house calls its topics and channels; it says so when one signs in. */
export interface Named {
  id: string
  zh: string
  en: string
  colour: string
}
const houses = reactive({ topics: [] as Named[], channels: [] as Named[], zone: undefined as string | undefined })
export const topics = reactive<string[]>([])
export const channels = reactive<string[]>([])

/** Takes the house's words in. */
export function takeIn(words: { topics: Named[]; channels: Named[]; zone: string }): void {
  houses.zone = words.zone
  houses.topics = words.topics
  houses.channels = words.channels
  topics.splice(0, topics.length, ...words.topics.map((each) => each.id))
  channels.splice(0, channels.length, ...words.channels.map((each) => each.id))
}

function ofHouse(words: Named[], key: string | null | undefined): string {
  const found = words.find((each) => each.id === key)
  return found ? t(found.zh, found.en) : (key ?? '')
}

/** How a topic or a channel is marked: with a stripe in its colour, where it has one. */
export function stripe(key: string | null | undefined): Record<string, string> {
  const colour = [...houses.channels, ...houses.topics].find((each) => each.id === key)?.colour
  return colour ? { borderInlineStart: `3px solid ${colour}`, paddingInlineStart: '5px' } : {}
}

const REASONS: Record<string, [string, string]> = {
  asked_for_person: ['居民要求人工', 'Asked for a person'],
  file: ['发来图片或文件', 'Sent a picture or file'],
  not_understood: ['机器人没听懂', 'Bot did not understand'],
  not_done_yet: ['办结后还有问题', 'Not done after closing'],
  handler_failed: ['系统出错', 'System error'],
  callback: ['请回电', 'Call back'],
  answer_by: ['想换个方式收到答复', 'Wants the answer another way'],
  voicemail: ['电话留言', 'Voicemail'],
  message_left: ['留言', 'Message left'],
  no_call: ['不要打电话', 'Wants no call'],
  complaint: ['投诉', 'Complaint'],
  privacy_incident: ['个人信息泄露', 'Privacy incident'],
  scam_report: ['疑似诈骗', 'Possible scam'],
  wrong_information: ['信息有误', 'Wrong information'],
  emergency: ['紧急：危及生命', 'Emergency'],
  despair: ['紧急：需要关怀', 'Needs care now'],
  deceased_relative: ['亲属过世', 'Deceased relative'],
  data_subject_request: ['个人信息权利', 'Personal-data request'],
  card_lost: ['学习卡挂失', 'Card lost'],
  missing_credit: ['学分未到账', 'Missing credits'],
  credit_dispute: ['学分有误', 'Credit dispute'],
  redemption_dispute: ['兑换纠纷', 'Redemption dispute'],
  waiting_list: ['候补登记', 'Waiting list'],
  village_wish: ['送教需求', 'Training wish'],
  refund: ['退费', 'Refund'],
  course_question: ['课程问题', 'Course question'],
  volunteer: ['志愿者', 'Volunteer'],
}
const SKILLS: Record<string, [string, string]> = {
  general: ['综合', 'General'],
  complaint: ['投诉', 'Complaints'],
  privacy: ['个人信息', 'Privacy'],
  editor: ['知识纠错', 'Knowledge'],
  duty: ['值班', 'On duty'],
  care: ['关怀', 'Care'],
  credit: ['学分', 'Credits'],
  enrolment: ['报名', 'Enrolment'],
  teacher: ['教师答疑', 'Teachers'],
  volunteer: ['志愿者', 'Volunteers'],
}
const RESULTS: Record<string, [string, string]> = {
  answered: ['已答复', 'Answered'],
  registered: ['已登记办理', 'Registered'],
  other_office: ['转其他部门', 'Other office'],
  no_reply: ['居民未回应', 'No reply'],
  unsolved: ['未能解决', 'Not solved'],
  spam: ['无效/骚扰', 'Spam'],
  handed_back: ['转回机器人', 'Handed back'],
  merged: ['已合并', 'Merged'],
}
const SLOTS: Record<string, [string, string]> = {
  phone: ['电话', 'Phone'],
  mail: ['邮箱', 'E-mail'],
  answer_by: ['答复也发到', 'Answer also by'],
  ring_at: ['想几时接电话', 'Wants to be rung'],
  course: ['课程', 'Course'],
  org: ['地点', 'Place'],
  village: ['村社', 'Village'],
  when: ['时间', 'Time'],
  class: ['班级', 'Class'],
  item: ['兑换品', 'Item'],
  service: ['服务', 'Service'],
  theme: ['主题', 'Theme'],
  question: ['问题', 'Question'],
}
const ROLES: Record<string, [string, string]> = {
  seat: ['坐席', 'Seat'],
  supervisor: ['班长', 'Supervisor'],
  editor: ['知识编辑', 'Editor'],
  administrator: ['管理员', 'Administrator'],
  auditor: ['审计员', 'Auditor'],
}
const KINDS: Record<string, [string, string]> = {
  opened: ['转人工', 'opened'],
  raised: ['优先级提高', 'raised'],
  offered: ['派给', 'offered to'],
  passed: ['未接', 'passed by'],
  alarmed: ['紧急呼叫', 'called out'],
  unheeded: ['呼叫班长', 'supervisor called'],
  taken: ['接单', 'taken by'],
  returned: ['退回队列', 'returned'],
  transferred: ['转派', 'transferred'],
  escalated: ['升级到上级', 'escalated'],
  snoozed: ['稍后处理', 'snoozed'],
  woken: ['恢复处理', 'woken'],
  tagged: ['标签', 'tagged'],
  closed: ['办结', 'closed'],
  handed_back: ['转回机器人', 'handed back'],
  merged: ['合并', 'merged'],
  linked: ['并入', 'linked'],
  moved: ['换了渠道', 'on another channel'],
  proven: ['证明了身份', 'proved who they are'],
  reopened: ['重新打开', 'reopened'],
  asked: ['请居民评价', 'asked for stars'],
  rated: ['居民评价', 'rated'],
  reviewed: ['质检', 'reviewed'],
  noted: ['备注', 'note'],
  called: ['拨打电话', 'called'],
  call: ['通话', 'call'],
  file: ['文件', 'file'],
}

const STAGES: Record<string, [string, string]> = {
  talk: ['来电：正在和机器人说', 'on the phone with the bot'],
  queue: ['来电：在线等候', 'on the phone, waiting'],
  ringing: ['来电：正在接通坐席', 'putting through'],
  bridged: ['通话中', 'talking'],
  held: ['通话保持中', 'on hold'],
  callback: ['等回电', 'to be called back'],
  voicemail: ['留了言', 'left a message'],
  conference: ['三方通话中', 'talk of three'],
  ended: ['已挂断，写好小结再办结', 'has hung up: wrap up, then close'],
}

function named(table: Record<string, [string, string]>, key: string | null | undefined): string {
  const pair = key ? table[key] : undefined
  return pair ? t(...pair) : (key ?? '')
}

export const topic = (key: string | null | undefined) => ofHouse(houses.topics, key)
export const reason = (key: string | null | undefined) => named(REASONS, key)
export const channel = (key: string | null | undefined) => ofHouse(houses.channels, key)
export const skill = (key: string | null | undefined) => named(SKILLS, key)
export const result = (key: string | null | undefined) => named(RESULTS, key)
export const slot = (key: string | null | undefined) => named(SLOTS, key)
export const role = (key: string | null | undefined) => named(ROLES, key)
export const kind = (key: string | null | undefined) => named(KINDS, key)
export const stage = (key: string | null | undefined) => named(STAGES, key)
export const skills = Object.keys(SKILLS)
export const roles = Object.keys(ROLES)
export const results = ['answered', 'registered', 'other_office', 'no_reply', 'unsolved', 'spam'] as const

/** The day that a calendar of the page means, as records write it. */
export const dayWritten = (date: Date) => date.toLocaleDateString('sv-SE')

/** The day where the centre is, whatever this computer's clock is set to, as records write it: 2026-12-01. */
export const dayOf = (at: number) => new Date(at).toLocaleDateString('sv-SE', { timeZone: houses.zone })

const HOUR = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const timeOf = (at: number, more = {}) =>
  new Date(at).toLocaleTimeString('zh-CN', { timeZone: houses.zone, ...HOUR, ...more })

/** The day and the time there, in full; to the second where several things happen in a minute. */
export const moment = (at: number, exactly = false) =>
  `${dayOf(at)} ${timeOf(at, exactly ? { second: '2-digit' } : {})}`

/** The time of day where the centre is; of another day, with its date. */
export function clock(at: number): string {
  const [, month, date] = dayOf(at).split('-').map(Number)
  return dayOf(at) === dayOf(Date.now()) ? timeOf(at) : `${month}/${date} ${timeOf(at)}`
}

export function span(ms: number): string {
  const minutes = Math.floor(Math.abs(ms) / 60_000)
  if (minutes < 1) return t('不到1分', '<1 min')
  if (minutes < 60) return t(`${minutes}分`, `${minutes} min`)
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return t(`${hours}时${minutes % 60}分`, `${hours} h ${minutes % 60} min`)
  return t(`${Math.floor(hours / 24)}天`, `${Math.floor(hours / 24)} d`)
}

export const share = (value: number | null) => (value === null ? '—' : `${Math.round(value * 100)}%`)
