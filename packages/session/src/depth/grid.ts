/** A grid of places on a face, and the grey values there. */
import { type Luma, lumaAt } from './luma.ts'

/** Places in pixels of a luma image: `x, y` by turns, row by row. */
export interface Grid {
  readonly points: Float64Array
  readonly columns: number
  readonly rows: number
  /** Distance of neighbours, pixels. */
  readonly pitch: number
}

/** Where the eyes of a face are, in pixels of its luma image. */
export interface Eyes {
  /** Their middle. */
  readonly x: number
  readonly y: number
  /** Half their distance. */
  readonly half: number
  /** The direction from the right eye to the left one; length 1. */
  readonly axis: { readonly x: number; readonly y: number }
}

/** In half eye distances from the eyes' middle: brows to lips, cheek to cheek. Nothing that is not skin, eyes or mouth. */
const AREA = { left: -1.9, right: 1.9, top: -1, bottom: 3 }
const COLUMNS = 30
const ROWS = 32

export function faceGrid({ x, y, half, axis }: Eyes): Grid {
  const points = new Float64Array(COLUMNS * ROWS * 2)
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const u = (AREA.left + ((AREA.right - AREA.left) * (column + 0.5)) / COLUMNS) * half
      const v = (AREA.top + ((AREA.bottom - AREA.top) * (row + 0.5)) / ROWS) * half
      const at = (row * COLUMNS + column) * 2
      points[at] = x + u * axis.x - v * axis.y
      points[at + 1] = y + u * axis.y + v * axis.x
    }
  }
  return { points, columns: COLUMNS, rows: ROWS, pitch: ((AREA.right - AREA.left) * half) / COLUMNS }
}

/** The mean of four samples around each place: half as much noise, and no aliasing. */
export function sampleGrid(image: Luma, points: Float64Array, spread: number): Float64Array {
  const values = new Float64Array(points.length / 2)
  const h = spread / 2
  for (let k = 0; k < values.length; k++) {
    const [x, y] = [points[2 * k]!, points[2 * k + 1]!]
    const upper = lumaAt(image, x - h, y - h) + lumaAt(image, x + h, y - h)
    values[k] = (upper + lumaAt(image, x - h, y + h) + lumaAt(image, x + h, y + h)) / 4
  }
  return values
}

/** Pearson's, -1..1; 0 where one of both is constant. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const n = a.length
  let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i]!, b[i]!]
    sa += x
    sb += y
    saa += x * x
    sbb += y * y
    sab += x * y
  }
  const [va, vb] = [saa - (sa * sa) / n, sbb - (sb * sb) / n]
  return va > 0 && vb > 0 ? (sab - (sa * sb) / n) / Math.sqrt(va * vb) : 0
}
