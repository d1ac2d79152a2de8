// Sound, and the browser's own notifications.
import { ref } from 'vue'
import type { EventFrame } from './openapi'
import { t } from './words'

export const sound = ref(localStorage.getItem('daoxue.sound') !== 'off')
/** Whether the browser lets the page sound: most of them want a click or a key first. */
export const audible = ref(true)
let context: AudioContext | null = null

/** Notes as [seconds from now, hertz, seconds long], in a voice of their own. */
function play(notes: readonly (readonly [number, number, number])[], voice: OscillatorType, loud: number): void {
  if (typeof AudioContext === 'undefined') return
  context ??= new AudioContext()
  audible.value = context.state === 'running'
  void context.resume().then(() => (audible.value = true))
  for (const [at, pitch, long] of notes) {
    const tone = context.createOscillator()
    const volume = context.createGain()
    tone.type = voice
    tone.frequency.value = pitch
    volume.gain.setValueAtTime(loud, context.currentTime + at)
    volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + at + long)
    tone.connect(volume).connect(context.destination)
    tone.start(context.currentTime + at)
    tone.stop(context.currentTime + at + long + 0.01)
  }
}

export function beep(): void {
  if (!sound.value) return
  play([[0, 660, 0.13], [0.14, 880, 0.13]], 'sine', 0.12) // prettier-ignore
}

/** Danger to life: also where the page is muted. */
export function siren(): void {
  play([[0, 980, 0.3], [0.3, 620, 0.3], [0.6, 980, 0.3], [0.9, 620, 0.4]], 'square', 0.2) // prettier-ignore
}

/** Calls whoever is signed in (`mine`) to an offer, their resident, a mention. Danger rings by itself. */
export function notice({ kind, data, ticket }: EventFrame, mine: string): void {
  const offered = (kind === 'offered' || kind === 'transferred') && data.to === mine
  const spoke = kind === 'said' && data.by === 'resident' && ticket.owner === mine
  const mentioned = kind === 'noted' && Array.isArray(data.mentions) && data.mentions.includes(mine)
  const raised = kind === 'raised' && ticket.priority === 0 && ticket.owner === mine
  if (!offered && !spoke && !mentioned && !raised) return
  if (raised) siren()
  else if (offered || mentioned || document.hidden) beep()
  if (document.hidden && 'Notification' in window && Notification.permission === 'granted') {
    const words = offered
      ? t('新派单', 'New offer')
      : raised
        ? t('您手上的工单变成紧急', 'Your ticket is an emergency now')
        : mentioned
          ? t('有人提到您', 'You were mentioned')
          : t('居民来消息了', 'The resident wrote')
    // Never the resident's words: a notification stands on a screen that others see.
    new Notification(`${words} ${ticket.ref}`, { tag: ticket.ref })
  }
}

/** What the browser says of notifications; `default` while nobody was asked. */
export const permission = ref('Notification' in window ? Notification.permission : 'denied')
export async function askToNotify(): Promise<void> {
  permission.value = await Notification.requestPermission()
}
