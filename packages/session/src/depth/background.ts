/**
 * Growth of what lies behind the person, from one frame to another in which the face is larger. A zoomed photo, or a screen that comes nearer, grows as
 * a whole. A person who comes nearer grows alone; a phone that comes nearer lets the room behind grow much less than the face.
 */
import { type Luma, lumaAt } from './luma.ts'

/** Where a person is, in pixels of the luma image. */
export interface Person {
  /** Middle of the eyes. */
  readonly x: number
  readonly y: number
  /** Half the distance of the eyes. */
  readonly half: number
}

export interface Background {
  /** 0 = the background stands still, 1 = it grows as the face does. */
  readonly share: number
  /** How well the background of one frame, scaled so, fits the other: correlation, -1..1. */
  readonly fit: number
  /** How well it fits at best on the other side of the middle, shares up to 0.5 and shares above. */
  readonly otherFit: number
}

/** Exponents of the face's growth that are tried. */
const SHARES = [0, 0.15, 0.3, 0.5, 0.7, 0.85, 1, 1.15] as const
const MIDDLE = 0.6
/** Ways that the background may have moved, pixels of the small image, each direction; tried two by two first. */
const REACH = 8
/** Places of the background that both frames must show: every second pixel of every second row is one. */
const ENOUGH = 60
/** Deviation of the background's grey values, after slow changes are taken out, that is a texture. */
const TEXTURE = 2.5

/** @returns undefined where the background is hidden or has no texture. */
export function backgroundGrowth(a: Luma, from: Person, b: Luma, to: Person): Background | undefined {
  const growth = to.half / from.half
  const first = detail(a)
  const second = detail(b)
  const places = backgroundOf(a, from)
  if (places.length / 2 < ENOUGH || deviation(first, places) < TEXTURE) return undefined
  let best: Background | undefined
  const fits = SHARES.map((share) => ({ share, fit: fitAt(first, places, second, from, to, growth ** share) }))
  for (const { share, fit } of fits) {
    if (fit === undefined || fit <= (best?.fit ?? Number.NEGATIVE_INFINITY)) continue
    const others = fits.filter((other) => other.share < MIDDLE !== share < MIDDLE)
    best = { share, fit, otherFit: Math.max(-1, ...others.map((other) => other.fit ?? -1)) }
  }
  return best
}

/** The best correlation over all shifts, with the second frame made smaller by `scale`. */
function fitAt(a: Luma, places: Int32Array, b: Luma, from: Person, to: Person, scale: number): number | undefined {
  const small = resampled(b, scale, a.width + 2 * REACH, a.height + 2 * REACH, from, to)
  let best = { fit: Number.NEGATIVE_INFINITY, dx: 0, dy: 0 }
  const look = (dx: number, dy: number): void => {
    const fit = fitAtShift(a, places, small, dx, dy)
    if (fit !== undefined && fit > best.fit) best = { fit, dx, dy }
  }
  for (let dy = -REACH; dy <= REACH; dy += 2) for (let dx = -REACH; dx <= REACH; dx += 2) look(dx, dy)
  const { dx, dy } = best
  for (const [x, y] of AROUND) if (Math.abs(dx + x) <= REACH && Math.abs(dy + y) <= REACH) look(dx + x, dy + y)
  return Number.isFinite(best.fit) ? best.fit : undefined
}

const AROUND = [-1, 0, 1].flatMap((y) => [-1, 0, 1].map((x) => [x, y] as const))

function fitAtShift(a: Luma, places: Int32Array, small: Luma, dx: number, dy: number): number | undefined {
  let [n, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0]
  const shift = (dy + REACH) * small.width + dx + REACH
  for (let i = 0; i < places.length; i += 2) {
    const value = small.data[places[i + 1]! * small.width + places[i]! + shift]!
    // Not in the frame, or hidden by the person.
    if (Number.isNaN(value)) continue
    const own = a.data[places[i + 1]! * a.width + places[i]!]!
    n++
    sa += own
    sb += value
    saa += own * own
    sbb += value * value
    sab += own * value
  }
  const [va, vb] = [saa - (sa * sa) / n, sbb - (sb * sb) / n]
  if (n < ENOUGH || !(va > 0 && vb > 0)) return undefined
  return (sab - (sa * sb) / n) / Math.sqrt(va * vb)
}

/**
 * The second frame as it would be, were it `scale` times smaller, so that a background which grew by `scale` and stayed in the image's middle lies
 * where it was. Where it grew about the face instead, the shift finds it: the origin moves from one to the other as the share grows.
 */
function resampled(b: Luma, scale: number, width: number, height: number, from: Person, to: Person): Luma {
  const data = new Float32Array(width * height).fill(Number.NaN)
  const full = Math.log(to.half / from.half)
  const share = full === 0 ? 0 : Math.log(scale) / full
  const [ox, oy] = [(b.width - 1) / 2, (b.height - 1) / 2]
  // What lies at the origin of `b` comes to lie at the origin of `a`.
  const [bx, by] = [ox + share * (to.x - ox), oy + share * (to.y - oy)]
  const [ax, ay] = [ox + share * (from.x - ox), oy + share * (from.y - oy)]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const px = bx + (x - REACH - ax) * scale
      const py = by + (y - REACH - ay) * scale
      if (px < 0 || py < 0 || px > b.width - 1 || py > b.height - 1 || isPerson(px, py, to)) continue
      data[y * width + x] = lumaAt(b, px, py)
    }
  }
  return { data, width, height, scale: b.scale }
}

/** Head with hair, neck and shoulders, generously. */
function isPerson(x: number, y: number, { x: cx, y: cy, half }: Person): boolean {
  const [u, v] = [(x - cx) / half, (y - cy) / half]
  if ((u / 3.6) ** 2 + ((v - 0.4) / 4.6) ** 2 < 1) return true
  return v > 2.5 && Math.abs(u) < 3 + 2.2 * (v - 2.5)
}

/** `x, y` by turns. */
function backgroundOf({ width, height }: Luma, person: Person): Int32Array {
  const places: number[] = []
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) if (!isPerson(x, y, person)) places.push(x, y)
  }
  return Int32Array.from(places)
}

/** Without slow changes of brightness: exposure and shading are no texture. */
function detail(image: Luma): Luma {
  const { data, width, height, scale } = image
  const radius = Math.max(3, Math.round(width / 12))
  const smooth = boxBlur(boxBlur(data, width, height, 1, radius), width, height, width, radius)
  return { data: smooth.map((value, i) => data[i]! - value), width, height, scale }
}

function boxBlur(data: Luma['data'], width: number, height: number, step: number, radius: number): Float32Array {
  const out = new Float32Array(data.length)
  const [lines, length] = step === 1 ? [height, width] : [width, height]
  const lineStep = step === 1 ? width : 1
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep
    for (let i = 0; i < length; i++) {
      let sum = 0
      const [low, high] = [Math.max(0, i - radius), Math.min(length - 1, i + radius)]
      for (let k = low; k <= high; k++) sum += data[start + k * step]!
      out[start + i * step] = sum / (high - low + 1)
    }
  }
  return out
}

function deviation({ data, width }: Luma, places: Int32Array): number {
  const n = places.length / 2
  let [sum, squares] = [0, 0]
  for (let i = 0; i < places.length; i += 2) {
    const value = data[places[i + 1]! * width + places[i]!]!
    sum += value
    squares += value * value
  }
  return Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2))
}
