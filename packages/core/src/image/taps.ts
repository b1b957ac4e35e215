/** Which source pixels make one output pixel and with what weight, in the arithmetic of OpenCV's `resize` for 8 bit. */

export type FixedKernel = 'linear' | 'cubic' | 'lanczos4' | 'area-enlarge'

/** Fixed-point weights of one axis: output `i` is the sum of `weight[i * count + k] * source[index[i * count + k]]`. */
export interface FixedTaps {
  readonly count: number
  /** Source coordinates, kept inside the source by repeating its edge. */
  readonly index: Int32Array
  /** In units of 1 / {@link UNIT}. */
  readonly weight: Int32Array
  /** First source coordinate before it is kept inside, one an output. */
  readonly first: Int32Array
}

/** 1.0 in the fixed-point weights: 11 bits. */
export const UNIT = 2048

const COUNT: Record<FixedKernel, number> = { linear: 2, 'area-enlarge': 2, cubic: 4, lanczos4: 8 }

/**
 * Weights with half-pixel centres. All real arithmetic is done in float32 where OpenCV does it there, so that the rounded
 * weights are the same.
 * @param snapEdge true for columns: a linear tap that would reach over the edge becomes the edge pixel with weight 1, as OpenCV
 *   does for columns but not for rows.
 */
export function fixedTaps(kernel: FixedKernel, source: number, target: number, snapEdge: boolean): FixedTaps {
  const count = COUNT[kernel]
  const half = count / 2
  const scale = 1 / (target / source)
  const index = new Int32Array(target * count)
  const weight = new Int32Array(target * count)
  const first = new Int32Array(target)
  const coefficients = new Float32Array(count)
  for (let i = 0; i < target; i++) {
    let at: number
    let fraction: number
    if (kernel === 'area-enlarge') {
      at = Math.floor(i * scale)
      const overlap = Math.fround(i + 1 - (at + 1) * (target / source))
      fraction = overlap <= 0 ? 0 : Math.fround(overlap - Math.floor(overlap))
    } else {
      const centre = Math.fround((i + 0.5) * scale - 0.5)
      at = Math.floor(centre)
      fraction = Math.fround(centre - at)
    }
    if (snapEdge && count === 2) {
      if (at < 0) {
        at = 0
        fraction = 0
      } else if (at >= source - 1) {
        at = source - 1
        fraction = 0
      }
    }
    COEFFICIENTS[kernel](fraction, coefficients)
    first[i] = at - half + 1
    for (let k = 0; k < count; k++) {
      index[i * count + k] = Math.min(source - 1, Math.max(0, at - half + 1 + k))
      weight[i * count + k] = roundHalfEven(coefficients[k]! * UNIT)
    }
  }
  return { count, index, weight, first }
}

/** Float32 kernel values at the taps around a fraction in [0, 1). */
const COEFFICIENTS: Record<FixedKernel, (fraction: number, out: Float32Array) => void> = {
  linear,
  'area-enlarge': linear,
  cubic,
  lanczos4,
}

function linear(x: number, out: Float32Array): void {
  out[0] = 1 - x
  out[1] = x
}

/** Keys' cubic convolution with a = -0.75. */
function cubic(x: number, out: Float32Array): void {
  const a = -0.75
  const far = x + 1
  const near = 1 - x
  out[0] = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a
  out[1] = ((a + 2) * x - (a + 3)) * x * x + 1
  out[2] = ((a + 2) * near - (a + 3)) * near * near + 1
  out[3] = 1 - out[0]! - out[1]! - out[2]!
}

const DIAGONAL = Math.SQRT1_2

/** `(-1)^(k + 1) cos(k pi / 4)` and `(-1)^k sin(k pi / 4)`: the tap k of eight, and the sign of sin(pi t) there. */
const EIGHTHS = [
  [-1, 0],
  [DIAGONAL, -DIAGONAL],
  [0, 1],
  [-DIAGONAL, -DIAGONAL],
  [1, 0],
  [-DIAGONAL, DIAGONAL],
  [0, -1],
  [DIAGONAL, DIAGONAL],
] as const

/**
 * sinc(t) sinc(t / 4) at eight taps, normalised to sum 1. The sine of each tap is made from that of the first by angle addition,
 * as OpenCV does: calling sin() eight times rounds a few weights to another side.
 */
function lanczos4(x: number, out: Float32Array): void {
  if (x === 0) {
    out.fill(0)
    out[3] = 1
    return
  }
  const first = Math.fround(x + 3)
  const angle = first * Math.PI * 0.25
  const sin = Math.sin(angle)
  const cos = Math.cos(angle)
  let sum = 0
  for (let k = 0; k < 8; k++) {
    const y = Math.fround(first - k) * Math.PI * 0.25
    out[k] = (EIGHTHS[k]![0] * sin + EIGHTHS[k]![1] * cos) / (y * y)
    sum = Math.fround(sum + out[k]!)
  }
  const factor = Math.fround(1 / sum)
  for (let k = 0; k < 8; k++) out[k] = out[k]! * factor
}

/**
 * Weights of the area mean of one axis: output `i` is the sum of `weight[i * count + k] * source[first[i] + k]`.
 * All weights of an output that are not 0 are the same but its first and its last.
 */
export interface AreaTaps {
  readonly count: number
  /** Source coordinates. */
  readonly first: Int32Array
  /** 0 where a tap is not used: its source coordinate may be beyond the last. */
  readonly weight: Float32Array
}

/** A part of a pixel smaller than this does not count. */
const SLIVER = 1e-3

/** The share of each source pixel in each output pixel when shrinking; the shares of one output sum to 1. */
export function areaTaps(source: number, target: number): AreaTaps {
  const scale = 1 / (target / source)
  const count = Math.ceil(scale) + 1
  const first = new Int32Array(target)
  const weight = new Float32Array(target * count)
  for (let i = 0; i < target; i++) {
    const from = i * scale
    const to = from + scale
    const width = Math.min(scale, source - from)
    const lastWhole = Math.min(Math.floor(to), source - 1)
    const firstWhole = Math.min(Math.ceil(from), lastWhole)
    const hasPartBefore = firstWhole - from > SLIVER
    first[i] = hasPartBefore ? firstWhole - 1 : firstWhole
    let n = i * count
    if (hasPartBefore) weight[n++] = (firstWhole - from) / width
    for (let j = firstWhole; j < lastWhole; j++) weight[n++] = 1 / width
    if (to - lastWhole > SLIVER) weight[n] = Math.min(Math.min(to - lastWhole, 1), width) / width
  }
  return { count, first, weight }
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return (floor & 1) === 0 ? floor : floor + 1
}
