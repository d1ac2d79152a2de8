// What administrators are told.
import { ElMessageBox } from 'element-plus'
import type { OneTime } from '../api'
import { withEnded } from '../parts/ended'
import { t } from '../words'

/** What is shown only once, until it has been written down. */
export async function tell(words: string): Promise<void> {
  await ElMessageBox.alert(words, t('请记下', 'Please note it down')).catch(() => null)
}

export function oneTimeWords({ password, days, ended }: OneTime): string {
  const words = t(
    `一次性密码，只显示这一次，${days} 天内有效：${password}`,
    `One-time password, shown only now, good for ${days} days: ${password}`,
  )
  return withEnded(words, ended)
}
