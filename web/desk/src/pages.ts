// The pages of the desk: where each is, what it is called, and what one has to be allowed for it: one of these.
import { may } from './desk'

export interface DeskPage {
  path: string
  sign: string
  zh: string
  en: string
  needs: readonly string[]
}
const ADMIN = ['people.write', 'catalogue.write', 'hours.write', 'audit.read']
const TICKETS: DeskPage = { path: '/', sign: '☰', zh: '工单', en: 'Tickets', needs: ['ticket.read'] }
export const PAGES: readonly DeskPage[] = [
  TICKETS,
  { path: '/counter', sign: '▣', zh: '服务台', en: 'Counter', needs: ['bank.read'] },
  { path: '/broadcasts', sign: '◔', zh: '群发', en: 'Announce', needs: ['broadcast.write', 'broadcast.approve'] },
  { path: '/board', sign: '▦', zh: '看板', en: 'Board', needs: ['board.read'] },
  { path: '/reports', sign: '▤', zh: '报表', en: 'Reports', needs: ['report.read'] },
  { path: '/knowledge', sign: '❏', zh: '知识', en: 'Knowledge', needs: ['knowledge.read'] },
  { path: '/admin', sign: '⚙', zh: '管理', en: 'Admin', needs: ADMIN },
]

export const isOpen = ({ needs }: DeskPage): boolean => needs.some(may)
/** The page at a place; a ticket is among the tickets. */
export const pageAt = (path: string): DeskPage => PAGES.find((each) => each.path === path) ?? TICKETS
