// One socket a page: numbered events, resumed from the last number; everything is fetched again when that is too old.
import { ref } from 'vue'
import type {
  ChangedFrame,
  DeliveredFrame,
  ErrorFrame,
  EventFrame,
  HelloFrame,
  PongFrame,
  ResetFrame,
  TypingFrame,
} from './openapi'

export type Frame =
  HelloFrame | ResetFrame | EventFrame | TypingFrame | DeliveredFrame | ChangedFrame | ErrorFrame | PongFrame
/** How far the service's clock is ahead of this computer's (ms): what is due is due by that one. */
export const ahead = ref(0)
export const connection = ref<'open' | 'connecting' | 'lost'>('connecting')

const UNNOTICED = 2000 // ms, as the way of a frame may take
let socket: WebSocket | null = null
let seen: number | null = null
let tries = 0
let hear: (frame: Frame) => void = () => {}
let refetch: () => void = () => {}
let timer = 0
let wanted = false

/** `since` is null for whoever hears of no tickets. */
export function start(since: number | null, onFrame: (frame: Frame) => void, onReset: () => void): void {
  seen = since
  hear = onFrame
  refetch = onReset
  wanted = true
  open()
}

export function stop(): void {
  wanted = false
  clearTimeout(timer)
  socket?.close()
  socket = null
}

export function restartAt(since: number): void {
  seen = since
}

export function tell(frame: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
}

function open(): void {
  if (!wanted) return
  connection.value = tries ? 'lost' : 'connecting'
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const mine = new WebSocket(`${scheme}://${location.host}/api/live${seen === null ? '' : `?since=${seen}`}`)
  socket = mine
  mine.onmessage = (event: MessageEvent<string>) => {
    const frame = JSON.parse(event.data) as Frame
    if (frame.type === 'hello') {
      const off = frame.at - Date.now()
      ahead.value = Math.abs(off) < UNNOTICED ? 0 : off
      tries = 0
      connection.value = 'open'
      window.dispatchEvent(new Event('live-open'))
    } else if (frame.type === 'reset') {
      tries = 0
      connection.value = 'open'
      refetch()
      window.dispatchEvent(new Event('live-open'))
    } else {
      if (frame.type === 'event') {
        if (seen !== null && frame.seq <= seen) return
        seen = frame.seq
      }
      hear(frame)
    }
  }
  mine.onclose = (event) => {
    if (socket !== mine || !wanted) return
    if (event.code === 4401 || event.code === 4403) {
      wanted = false
      window.dispatchEvent(new Event('signed-out'))
      return
    }
    connection.value = 'lost'
    tries += 1
    // Jittered, so that a hundred pages do not come back in the same moment.
    timer = window.setTimeout(open, Math.min(10_000, 300 * 2 ** Math.min(tries, 5)) * (0.5 + Math.random()))
  }
}

window.addEventListener('online', () => {
  if (wanted && socket?.readyState !== WebSocket.OPEN) {
    clearTimeout(timer)
    open()
  }
})
window.setInterval(() => tell({ type: 'ping' }), 25_000)
