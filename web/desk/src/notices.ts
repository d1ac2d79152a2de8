// Sound, and the browser's own notifications.
import { ref } from 'vue'
import type { EventFrame } from './openapi'
import { t } from './words'

export const sound = ref(localStorage.getItem('daoxue.sound') !== 'off')
let context: AudioContext | null = null

export function beep(): void {
  if (!sound.value) return
  try {
    context ??= new AudioContext()
    for (const [at, pitch] of [
      [0, 660],
      [0.14, 880],
    ] as const) {
      const tone = context.createOscillator()
      const volume = context.createGain()
      tone.frequency.value = pitch
      volume.gain.setValueAtTime(0.12, context.currentTime + at)
      volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + at + 0.13)
      tone.connect(volume).connect(context.destination)
      tone.start(context.currentTime + at)
      tone.stop(context.currentTime + at + 0.14)
    }
  } catch {
    sound.value = false // a browser without sound
  }
}

/** Calls whoever is signed in (`mine`) to what needs them: an offer, their resident, a mention, an emergency. */
export function notice({ kind, data, ticket }: EventFrame, mine: string): void {
  const offered = (kind === 'offered' || kind === 'transferred') && data.to === mine
  const spoke = kind === 'said' && data.by === 'resident' && ticket.owner === mine
  const mentioned = kind === 'noted' && Array.isArray(data.mentions) && data.mentions.includes(mine)
  const danger = (kind === 'opened' || kind === 'raised') && ticket.priority === 0
  if (!offered && !spoke && !mentioned && !danger) return
  if (offered || danger || mentioned || document.hidden) beep()
  if (document.hidden && 'Notification' in window && Notification.permission === 'granted') {
    const words = offered
      ? t('新派单', 'New offer')
      : danger
        ? t('紧急工单', 'Emergency')
        : mentioned
          ? t('有人提到您', 'You were mentioned')
          : t('居民来消息了', 'The resident wrote')
    // Never the resident's words: a notification stands on a screen that others see.
    new Notification(`${words} ${ticket.ref}`, { tag: ticket.ref })
  }
}
