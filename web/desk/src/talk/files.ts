// What has become of the files that the resident of the open ticket has sent: fetched and looked through, or refused.
import { ElMessage } from 'element-plus'
import { shallowRef, watch } from 'vue'
import { get, type ResidentFile, type Whole } from '../api'
import { explain } from '../desk'
import { talks } from '../persons'
import { t } from '../words'

export const sent = shallowRef(new Map<string, ResidentFile>())

const WHY: Record<string, [string, string]> = {
  empty: ['是空的', 'it was empty'],
  too_large: ['太大', 'too large'],
  kind: ['这种文件收不了', 'of a kind that is not taken'],
  pixels: ['像素太多，打不开', 'too many pixels'],
  infected: ['查出病毒，没有保存', 'a virus was found; it was not kept'],
  expired: ['平台上已过期，没有取到', 'it has expired on the platform'],
  unreachable: ['平台没有给，没有取到', 'the platform did not give it'],
  too_many: ['发得太多，没有取', 'too many; it was not fetched'],
}

/** Why a file was not taken. */
export const why = (code: string): string => t(...(WHY[code] ?? [code, code]))

/** The id in a file's path. */
export const idOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Asks again whenever the resident has sent something, on whatever channel, or something has become of it. */
export function follow(open: () => Whole): void {
  const said = () => talks(open()).flatMap((each) => each.messages)
  const count = () => said().filter((each) => each.author === 'resident' && each.files.length).length
  const settled = () => open().events.filter((each) => each.kind === 'file').length
  watch([() => open().ticket.ref, count, settled] as const, ([ref, any]) => any && look(ref), { immediate: true })
}

async function look(ref: string): Promise<void> {
  try {
    const { files } = await get('/tickets/{ref}/files', { ref })
    sent.value = new Map(files.map((each) => [each.id, each]))
  } catch (error) {
    ElMessage.error(explain(error))
  }
}
