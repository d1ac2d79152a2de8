// One person on several channels: their talks as one history, their tickets as one person's.
import { computed } from 'vue'
import { get, type Talk, type Whole } from './api'
import { tickets, whole } from './desk'

/** How many tickets that are not closed somebody has, who has more than one: they are one person. */
export const several = computed(() => {
  const found = new Map<string, number>()
  for (const each of tickets.value.values())
    if (each.state !== 'closed') found.set(each.person, (found.get(each.person) ?? 0) + 1)
  return new Map([...found].filter(([, count]) => count > 1))
})

/** All that one person said, by the conversations in which they said it; the ticket's own first. */
export const talks = (open: Whole): Talk[] => [
  { talk: open.talk, channel: open.ticket.channel, messages: open.messages },
  ...open.elsewhere,
]

/** Whether there is more of a talk than is shown. */
export const goesBack = (each: Talk): boolean => (each.messages[0]?.seq ?? 1) > 1

/** The messages before those that the open ticket shows: of the talk in which the first that is shown was said last. */
export async function earlier(): Promise<void> {
  const shown = whole.value
  const of =
    shown &&
    talks(shown)
      .filter(goesBack)
      .sort((a, b) => b.messages[0]!.at - a.messages[0]!.at)[0]
  if (!of) return
  const found = await get('/tickets/{ref}/messages', {
    ref: shown.ticket.ref,
    talk: of.talk,
    before: of.messages[0]!.seq,
  })
  const known = new Set(of.messages.map((each) => each.seq))
  of.messages.unshift(...found.messages.filter((each) => !known.has(each.seq)))
}
