// A view that shows what happens elsewhere: it looks again when the feed says that something did.
import { onBeforeUnmount, onMounted } from 'vue'

const APART = 1000 // ms between two looks, however much happens

/** Looks at once, then after each of these events of the window, and when the feed is there again. */
export function follow(look: () => Promise<void>, events: string[]): void {
  const heard = [...events, 'live-open']
  let last = 0
  let timer = 0
  const soon = () => {
    if (timer) return
    timer = window.setTimeout(
      () => {
        timer = 0
        last = Date.now()
        void look()
      },
      Math.max(0, last + APART - Date.now()),
    )
  }
  onMounted(() => {
    soon()
    for (const each of heard) window.addEventListener(each, soon)
  })
  onBeforeUnmount(() => {
    clearTimeout(timer)
    for (const each of heard) window.removeEventListener(each, soon)
  })
}
