// What a change of an account has ended, in words.
import type { Ended } from '../api'
import { t } from '../words'

export function endedWords({ pages, tokens }: Ended): string {
  const said = []
  if (pages) said.push(t(`已退出 ${pages} 处登录`, `signed out in ${pages} places`))
  if (tokens.length) {
    const names = tokens.join('、')
    said.push(t(`接口令牌已停用：${names}，还要用请本人重做`, `tokens ended: ${names}; make new ones under My account`))
  }
  return said.join(t('；', '; '))
}

/** The words, and behind them what was ended. */
export function withEnded(words: string, ended: Ended): string {
  return [words, endedWords(ended)].filter(Boolean).join(t('。', '. '))
}
