// What each permission is, in words.
import { t } from '../words'

const RIGHTS: Record<string, [string, string]> = {
  self: ['自己的账号', 'their own account'],
  'credentials.own': ['自己的密码和令牌', 'their own password and tokens'],
  'ticket.read': ['看工单', 'see tickets'],
  'ticket.work': ['接工单、回复居民', 'take tickets and answer residents'],
  'ticket.direct': ['接管、指派、悄悄提示', 'take over, assign, whisper'],
  'resident.reveal': ['看完整号码', 'see numbers in full'],
  'resident.bind': ['给居民绑定学习卡', 'bind residents’ cards'],
  'resident.erase': ['导出、删除居民数据', 'export and erase residents’ data'],
  'bank.read': ['看学员账户', 'see learners’ accounts'],
  'bank.order': ['代学员兑换、报名', 'redeem and enrol for learners'],
  'bank.dispute': ['申请冲正', 'ask for reversals'],
  'bank.approve': ['批准冲正', 'approve reversals'],
  'bank.earn': ['记学分', 'record credits'],
  'broadcast.write': ['写群发', 'write announcements'],
  'broadcast.approve': ['审批群发', 'approve announcements'],
  'board.read': ['看看板', 'see the board'],
  'report.read': ['看报表', 'see reports'],
  'quality.write': ['质检评分', 'review talks'],
  'hours.write': ['服务时间和班次', 'hours and shifts'],
  'knowledge.read': ['看知识', 'see the knowledge'],
  'knowledge.draft': ['写知识草稿', 'draft answers'],
  'knowledge.review': ['审核、发布知识', 'review and publish answers'],
  'catalogue.write': ['中心、机构、休息日', 'the centre, places, days off'],
  'canned.write': ['写常用语', 'write canned texts'],
  'people.write': ['管账号', 'manage accounts'],
  'token.write': ['作废接口令牌', 'end tokens'],
  'webhook.write': ['管回调', 'manage webhooks'],
  'system.read': ['看渠道状态', 'see the channels'],
  'queue.retry': ['重发没送达的', 'retry what was given up'],
  'audit.read': ['看审计', 'read the audit'],
}

export const right = (key: string): string => (RIGHTS[key] ? t(...RIGHTS[key]) : key)
