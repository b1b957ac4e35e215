/** Cuts what a detector sees: a region of the frame in the size of the network's input. */
import type { Frame } from '../image/frame.ts'
import type { DetectorCard } from '../model/card.ts'

type DetectorInput = DetectorCard['input']

/** Where the network's input lies in the frame: `frame = origin + input * step`, both in pixels with pixel edges at integers. */
export interface Placement {
  readonly originX: number
  readonly originY: number
  readonly step: number
}

/** Samples a side that make one pixel: more cost time and find no more faces. */
const TAPS = 2

/** A rectangle in frame pixels, may reach outside the frame. */
export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The placement that shows a region of the frame as large as the input allows, its aspect ratio kept. */
export function place(region: Region, input: DetectorInput): Placement {
  const step = Math.max(region.width / input.width, region.height / input.height)
  if (input.letterbox === 'top-left') return { originX: region.x, originY: region.y, step }
  return {
    originX: region.x + (region.width - input.width * step) / 2,
    originY: region.y + (region.height - input.height * step) / 2,
    step,
  }
}

/**
 * The network's input, normalised as the card says, black where the frame ends. Bilinear where the frame is enlarged, the mean
 * of 2 x 2 samples a pixel where it is shrunk: a detector needs no exact area mean, and a large frame costs no more.
 */
export function letterbox(frame: Frame, input: DetectorInput, { originX, originY, step }: Placement): Float32Array {
  const { width, height, layout, colour, scale, mean, std } = input
  const columns = axisTaps(width, originX, step, frame.width)
  const rows = axisTaps(height, originY, step, frame.height)
  const columnStarts = columns.positions.map((column) => column * frame.channels)
  const rowStarts = rows.positions.map((row) => row * frame.width * frame.channels)
  const out = new Float32Array(3 * width * height)
  const [next, plane] = layout === 'nchw' ? [1, width * height] : [3, 1]
  // Of the frame's red, green and blue: place in the output, factor and offset.
  const [red, green, blue] = [0, 1, 2].map((pixelChannel) => {
    const c = colour === 'rgb' ? pixelChannel : 2 - pixelChannel
    return { start: c * plane, factor: scale / std[c]!, offset: mean[c]! / std[c]! }
  }) as [Channel, Channel, Channel]
  for (let y = 0; y < height; y++) {
    const at = y * width * next
    sampleRow(frame.data, columnStarts, columns.weights, rowStarts, rows.weights, y, red, green, blue, out, at, next)
  }
  return out
}

interface Channel {
  readonly start: number
  readonly factor: number
  readonly offset: number
}

/** What each input pixel of an axis is made of: two frame positions with their weights, both 0 outside the frame. */
interface AxisTaps {
  readonly positions: Int32Array
  readonly weights: Float32Array
}

function axisTaps(size: number, origin: number, step: number, limit: number): AxisTaps {
  const positions = new Int32Array(size * TAPS)
  const weights = new Float32Array(size * TAPS)
  for (let i = 0; i < size; i++) {
    if (step <= 1) {
      const centre = origin + (i + 0.5) * step
      if (centre < 0 || centre >= limit) continue
      // Half-pixel centres; the edge pixels reach up to the frame's edge.
      const position = Math.max(0, centre - 0.5)
      const low = Math.floor(position)
      positions[TAPS * i] = low
      positions[TAPS * i + 1] = Math.min(limit - 1, low + 1)
      weights[TAPS * i] = 1 - (position - low)
      weights[TAPS * i + 1] = position - low
      continue
    }
    for (let tap = 0; tap < TAPS; tap++) {
      const position = Math.floor(origin + (i + (tap + 0.5) / TAPS) * step)
      if (position < 0 || position >= limit) continue
      positions[TAPS * i + tap] = position
      weights[TAPS * i + tap] = 1 / TAPS
    }
  }
  return { positions, weights }
}

/** One row of the input. */
function sampleRow(
  data: Frame['data'],
  columns: Int32Array,
  columnWeights: Float32Array,
  rows: Int32Array,
  rowWeights: Float32Array,
  y: number,
  red: Channel,
  green: Channel,
  blue: Channel,
  out: Float32Array,
  start: number,
  next: number,
): void {
  const upper = rows[TAPS * y]!
  const lower = rows[TAPS * y + 1]!
  const upperWeight = rowWeights[TAPS * y]!
  const lowerWeight = rowWeights[TAPS * y + 1]!
  for (let i = 0, to = start; i < columns.length; i += TAPS, to += next) {
    const left = columns[i]!
    const right = columns[i + 1]!
    const a = columnWeights[i]! * upperWeight
    const b = columnWeights[i + 1]! * upperWeight
    const c = columnWeights[i]! * lowerWeight
    const d = columnWeights[i + 1]! * lowerWeight
    const ul = upper + left
    const ur = upper + right
    const ll = lower + left
    const lr = lower + right
    const r = data[ul]! * a + data[ur]! * b + data[ll]! * c + data[lr]! * d
    const g = data[ul + 1]! * a + data[ur + 1]! * b + data[ll + 1]! * c + data[lr + 1]! * d
    const bl = data[ul + 2]! * a + data[ur + 2]! * b + data[ll + 2]! * c + data[lr + 2]! * d
    out[red.start + to] = r * red.factor - red.offset
    out[green.start + to] = g * green.factor - green.offset
    out[blue.start + to] = bl * blue.factor - blue.offset
  }
}
