// What administrators are told.
import { ElMessageBox } from 'element-plus'
import { t } from '../words'

/** What is shown only once, until it has been written down. */
export async function tell(words: string): Promise<void> {
  await ElMessageBox.alert(words, t('请记下', 'Please note it down')).catch(() => null)
}
