// Special days of places: residents hear of them from the next question on.
import { get, put, type Organisation, type SpecialDay } from '../api'

/** All places, as the catalogue has them now. */
export async function organisations(): Promise<Organisation[]> {
  const { records } = await get('/catalogue/{kind}', { kind: 'organisation' })
  return records.filter((each): each is Organisation => each.kind === 'organisation')
}

/** What a place has on a day in place of its usual hours, if anything. */
export const special = (place: Organisation, day: string): SpecialDay | undefined =>
  place.special_days?.find((each) => each.day === day)

/** From now on these places have this on a day, or their usual hours; what else was changed of them meanwhile stays. */
export async function setDay(ids: string[], day: string, now?: SpecialDay): Promise<void> {
  for (const place of (await organisations()).filter((each) => ids.includes(each.id))) {
    const others = (place.special_days ?? []).filter((each) => each.day !== day)
    const record = { ...place, special_days: now ? [...others, now] : others }
    await put('/catalogue/{kind}/{id}', { kind: 'organisation', id: place.id }, record)
  }
}
