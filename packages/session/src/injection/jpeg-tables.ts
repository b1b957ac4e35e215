/** What a JPEG's header tells of the program that wrote it. */

export interface JpegTables {
  /** Quality on libjpeg's scale, 1 to 100, estimated from the first luma table. */
  readonly quality: number
  /** The tables' bytes, for comparison. */
  readonly fingerprint: string
}

/** Sum of the standard luma table of ITU-T T.81, annex K.1, at libjpeg's quality 50. */
const STANDARD_SUM = 3688

/** Undefined where the header has no readable table before the picture's data. Never reads outside the bytes. */
export function jpegTables(bytes: Uint8Array): JpegTables | undefined {
  let position = 2
  let fingerprint = ''
  let lumaSum: number | undefined
  while (position + 4 <= bytes.length && bytes[position] === 0xff) {
    const marker = bytes[position + 1]!
    const length = bytes[position + 2]! * 256 + bytes[position + 3]!
    const end = position + 2 + length
    if (length < 2 || end > bytes.length || marker === 0xda) break
    if (marker === 0xdb) {
      for (let at = position + 4; at < end; ) {
        const wide = bytes[at]! >> 4 === 1
        const size = wide ? 128 : 64
        if (at + 1 + size > end) return undefined
        const table = bytes.subarray(at + 1, at + 1 + size)
        if ((bytes[at]! & 15) === 0 && !wide) lumaSum ??= table.reduce((sum, value) => sum + value, 0)
        fingerprint += `${bytes[at]}:${table.join(',')};`
        at += 1 + size
      }
    }
    position = end
  }
  return lumaSum === undefined ? undefined : { quality: qualityOf(lumaSum), fingerprint }
}

/** libjpeg scales its table by 5000/q percent below quality 50 and by 200 - 2q above. */
function qualityOf(sum: number): number {
  const percent = (sum * 100) / STANDARD_SUM
  return Math.round(Math.min(100, Math.max(1, percent > 100 ? 5000 / percent : (200 - percent) / 2)))
}
