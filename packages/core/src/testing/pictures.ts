/** Pictures made from a seed: no file, no licence, the same on every machine. */

import { createFrame, type Frame } from '../image/frame.ts'
import { seededRandom } from '../random.ts'

export type Pattern = 'black' | 'white' | 'noise' | 'gradient' | 'checker'

/** Two colours, of which neither is grey. */
const CHECKER = [
  [30, 40, 70],
  [220, 200, 150],
] as const

/** An RGB frame. The same arguments give the same pixels. */
export function syntheticFrame(pattern: Pattern, width: number, height: number, seed = 1): Frame {
  const data = new Uint8Array(width * height * 3)
  const random = seededRandom(seed)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 3
      for (let c = 0; c < 3; c++) data[i + c] = channelOf(pattern, x / width, y / height, x, y, c, random)
    }
  }
  return createFrame({ data, width, height, channels: 3 })
}

function channelOf(
  pattern: Pattern,
  u: number,
  v: number,
  x: number,
  y: number,
  c: number,
  random: () => number,
): number {
  switch (pattern) {
    case 'black':
      return 0
    case 'white':
      return 255
    case 'noise':
      return Math.floor(random() * 256)
    case 'gradient':
      return Math.floor(255 * (c === 0 ? u : c === 1 ? v : (u + v) / 2))
    case 'checker':
      return CHECKER[((x >> 3) + (y >> 3)) % 2]![c]!
  }
}
