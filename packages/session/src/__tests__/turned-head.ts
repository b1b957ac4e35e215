/** Turns the head in a picture: there are no pictures of people who turn that may be used, so these stand in for them. */
import { createFrame, type Face, type Frame } from '@unspoof/core'

/** An ellipsoid with a nose and a mouth, in half eye distances. Its middle lies .6 below the eyes. */
export interface HeadShape {
  readonly halfWidth: number
  readonly halfHeight: number
  readonly depth: number
  /** How far nose and mouth stand out of the ellipsoid. */
  readonly nose: number
  readonly mouth: number
  /** How far behind the eyes the neck is, about which the head turns. */
  readonly neck: number
}

/** Heads differ. `random` answers 0 to below 1. */
export function randomHead(random: () => number): HeadShape {
  return {
    halfWidth: 2.3 + 0.3 * random(),
    halfHeight: 3.2 + 0.5 * random(),
    depth: 2 + random(),
    nose: 0.5 + 0.3 * random(),
    mouth: 0.1 + 0.2 * random(),
    neck: 1.5 + 1.5 * random(),
  }
}

/**
 * The picture with its head turned by `angle` radians to its own left about the neck, over the picture as it was. Parallel projection, each pixel from the
 * nearest place of the surface; what the picture does not show (the far ear) stays as it was.
 */
export function turnHead(frame: Frame, face: Face, angle: number, shape: HeadShape): Frame {
  const { rightEye, leftEye } = face.keyPoints!
  const half = Math.hypot(leftEye.x - rightEye.x, leftEye.y - rightEye.y) / 2
  const [cos, sin] = [(leftEye.x - rightEye.x) / (2 * half), (leftEye.y - rightEye.y) / (2 * half)]
  const middle = { x: (leftEye.x + rightEye.x) / 2, y: (leftEye.y + rightEye.y) / 2 }
  const reach = shape.halfWidth + 1.5
  const rows = new Map<number, Float64Array>()
  const data = new Uint8Array(frame.data)
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      const across = ((x - middle.x) * cos + (y - middle.y) * sin) / half
      const down = ((y - middle.y) * cos - (x - middle.x) * sin) / half
      if (Math.abs(across) >= reach) continue
      const line = Math.round(down * half)
      const row = rows.get(line) ?? turnedRow(line / half, angle, shape, half, reach)
      rows.set(line, row)
      const from = row[Math.round((across + reach) * half * FINE)]!
      if (Number.isNaN(from)) continue
      const [u, v] = [from * half, down * half]
      copy(frame, middle.x + u * cos - v * sin, middle.y + u * sin + v * cos, data, (y * frame.width + x) * 3)
    }
  }
  return createFrame({ data, width: frame.width, height: frame.height, channels: 3 })
}

/** Places of a row per pixel. */
const FINE = 4

/** For each place of a row of the turned head the place across that it comes from, from -`reach` on; not a number beside the head. */
function turnedRow(down: number, angle: number, shape: HeadShape, half: number, reach: number): Float64Array {
  const length = Math.ceil(2 * reach * half * FINE) + 1
  const from = new Float64Array(length).fill(Number.NaN)
  const nearest = new Float64Array(length).fill(Number.NEGATIVE_INFINITY)
  let last = Number.NaN
  for (let x = -shape.halfWidth; x <= shape.halfWidth; x += 1 / (8 * half)) {
    const depth = depthAt(x, down, shape) + shape.neck
    const place = (x * Math.cos(angle) + depth * Math.sin(angle) + reach) * half * FINE
    const near = depth * Math.cos(angle) - x * Math.sin(angle)
    const [first, end] = [Math.min(last, place), Math.max(last, place)]
    for (let i = Math.max(0, Math.ceil(first)); i <= Math.min(end, length - 1); i++) {
      if (near <= nearest[i]!) continue
      nearest[i] = near
      from[i] = x
    }
    last = place
  }
  return from
}

/** In front of the eyes; not a number beside the head. */
function depthAt(x: number, y: number, { halfWidth, halfHeight, depth, nose, mouth }: HeadShape): number {
  const ellipsoid = (u: number, v: number): number =>
    depth * Math.sqrt(1 - (u / halfWidth) ** 2 - ((v - 0.6) / halfHeight) ** 2)
  const hill = (u: number, width: number, v: number, height: number): number =>
    Math.exp(-((u / width) ** 2 + (v / height) ** 2) / 2)
  return (
    ellipsoid(x, y) -
    ellipsoid(1, 0) +
    nose * hill(x, 0.35, y - 1.15, y < 1.15 ? 0.6 : 0.25) +
    mouth * hill(x, 0.7, y - 2.2, 0.5)
  )
}

/** Bilinear. */
function copy(frame: Frame, x: number, y: number, to: Uint8Array, at: number): void {
  const [fx, fy] = [Math.min(frame.width - 1.001, Math.max(0, x)), Math.min(frame.height - 1.001, Math.max(0, y))]
  const [column, row] = [Math.floor(fx), Math.floor(fy)]
  const [right, low] = [fx - column, fy - row]
  for (let channel = 0; channel < 3; channel++) {
    const value = (dx: number, dy: number): number =>
      frame.data[((row + dy) * frame.width + column + dx) * frame.channels + channel]!
    const top = value(0, 0) * (1 - right) + value(1, 0) * right
    const bottom = value(0, 1) * (1 - right) + value(1, 1) * right
    to[at + channel] = Math.round(top * (1 - low) + bottom * low)
  }
}

/** Another moment of a camera: moved, tilted, a little nearer or farther, brighter or darker, with grain. `normal` answers with mean 0 and deviation 1. */
export function anotherMoment(frame: Frame, normal: () => number): Frame {
  const [scale, angle] = [1 + 0.04 * normal(), 0.03 * normal()]
  const [left, top, gain] = [4 * normal(), 4 * normal(), 1 + 0.04 * normal()]
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale]
  const [cx, cy] = [frame.width / 2, frame.height / 2]
  const data = new Uint8ClampedArray(frame.width * frame.height * 3)
  const pixel = new Uint8Array(3)
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      const [dx, dy] = [x - cx - left, y - cy - top]
      copy(frame, cx + dx * cos + dy * sin, cy - dx * sin + dy * cos, pixel, 0)
      for (let c = 0; c < 3; c++) data[(y * frame.width + x) * 3 + c] = pixel[c]! * gain + 3 * normal()
    }
  }
  return createFrame({ data: new Uint8Array(data.buffer), width: frame.width, height: frame.height, channels: 3 })
}
