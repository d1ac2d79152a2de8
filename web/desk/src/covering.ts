// Numbers that nobody keeps (of cards and papers, and codes) are covered in what is sent and kept: the seat is shown
// that beforehand.
import { ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message-box/style/css'
import { post } from './api'
import { t } from './words'

const MAY_HOLD_ONE = /(?:[\d０-９零〇洞一幺二两三四五六七拐八九勾壹贰叁肆伍陆柒捌玖][^。！？]{0,14}){4}/

/** Whether these words are to go as they will be read: asked where a number in them is going to be covered. */
export async function agreed(words: string): Promise<boolean> {
  if (!MAY_HOLD_ONE.test(words)) return true
  // Where it cannot be asked, sending says what is wrong.
  const { text } = await post('/covered', {}, { text: words }).catch(() => ({ text: words }))
  if (text === words) return true
  return ElMessageBox.confirm(
    t(
      `里面有证件、银行卡、学习卡的号码或验证码，会这样遮住再发出、存下：\n\n${text}`,
      `It holds a number of a card or a paper, or a code. It will be sent and kept with that covered:\n\n${text}`,
    ),
    t('号码会被遮住', 'A number will be covered'),
    {
      confirmButtonText: t('遮住再发', 'Send it covered'),
      cancelButtonText: t('先改一改', 'Let me change it'),
      customStyle: { whiteSpace: 'pre-wrap' },
    },
  ).then(
    () => true,
    () => false,
  )
}
