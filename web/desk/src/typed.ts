// Keys typed for a field that has gone from under the hands are no shortcuts.

const AFTER = 1500 // ms after the last key in a field in which keys alone are still meant for it
let last = 0

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null

/** Whether this key belongs to what was being typed. Who leaves the field by Esc, Tab or a click has ended that. */
export function isTyped(event: KeyboardEvent): boolean {
  if (event.key === 'Escape' || event.key === 'Tab') last = 0
  else if (isField(event.target)) last = event.timeStamp
  if (isField(event.target)) return true
  if (last === 0 || event.timeStamp - last > AFTER) return false
  last = event.timeStamp
  return true
}

window.addEventListener('pointerdown', () => (last = 0))
