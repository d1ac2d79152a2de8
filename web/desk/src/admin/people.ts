// Accounts and organisations as administrators see them.
import { ElMessageBox } from 'element-plus'
import { t } from '../words'

export interface Person {
  name: string
  shown: string
  role: string
  skills: string[]
  langs: string[]
  capacity: number
  place: string | null
  phone: string | null
  active: boolean
  totp: boolean
  one_time: boolean
}
export interface Place {
  id: string
  name: string
  level: string
  parent: string | null
}

/** What is shown only once, until it has been written down. */
export async function tell(words: string): Promise<void> {
  await ElMessageBox.alert(words, t('请记下', 'Please note it down')).catch(() => null)
}
