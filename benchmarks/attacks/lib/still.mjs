/** Films made of one still image: zoomed, and turned by a smooth warp as if the face were an ellipsoid with a nose. */

/**
 * What a frame of the film looks like.
 * @typedef {object} Shot
 * @property {number} zoom of the whole image
 * @property {number} yaw radians, above 0 = to the person's own left
 * @property {number} dx of the face from its place, pixels
 * @property {number} dy
 * @property {number} roll radians
 * @property {number} gain of all pixels
 */

/**
 * How an attacker tunes a film at home.
 * @typedef {object} Tuning
 * @property {number} half half eye distance in the first frames, pixels
 * @property {number} amount of movement; 1 = what the instruction asks for
 * @property {number} noise deviation of each pixel
 */

/** @type {readonly Tuning[]} The eight variants that an attacker tries. The first is the untuned one. */
export const TUNINGS = [
  { half: 34, amount: 1, noise: 2 },
  { half: 40, amount: 1.1, noise: 1 },
  { half: 28, amount: 1.15, noise: 1.5 },
  { half: 36, amount: 0.85, noise: 0.7 },
  { half: 44, amount: 1.25, noise: 1 },
  { half: 30, amount: 1.35, noise: 0.7 },
  { half: 48, amount: 0.9, noise: 1 },
  { half: 24, amount: 1, noise: 1 },
]

export const SIZE = { width: 640, height: 480 }

/** Numbers with mean 0 and deviation 1, the same for the same seed. */
export function normals(seed) {
  let state = seed >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

/**
 * Films a person who does what a session asks, moment by moment: people sway, and every sensor flickers.
 * @param {number} amount of movement
 * @returns {(moment: import('@unspoof/session/testing').Moment) => Shot}
 */
export function createActor(amount, normal) {
  let [x, y] = [0, 0]
  return ({ kind, before, frame, frames, index }) => {
    x += 1.2 * normal()
    y += normal()
    const from = targetOf(before.at(-1) ?? 'hold', amount)
    const target = targetOf(kind, amount)
    // In position with the last two frames.
    const t = kind === 'hold' ? 1 : Math.min(1, (frame + 1) / (frames - 1))
    const ease = t * t * (3 - 2 * t)
    return {
      dx: x + 3 * Math.sin(index * 1.3),
      dy: y + 2 * Math.cos(index * 1.7),
      roll: 0.01 * normal(),
      gain: 1 + 0.012 * normal(),
      zoom: (from.zoom + (target.zoom - from.zoom) * ease) * (1 + 0.01 * normal()),
      yaw: from.yaw + (target.yaw - from.yaw) * ease,
    }
  }
}

function targetOf(kind, amount) {
  if (kind === 'move-closer') return { zoom: 1 + 0.32 * amount, yaw: 0 }
  if (kind === 'turn-left') return { zoom: 1, yaw: 0.5 * amount }
  if (kind === 'turn-right') return { zoom: 1, yaw: -0.5 * amount }
  // One set of frames for every challenge: grows and turns.
  if (kind === 'all') return { zoom: 1 + 0.32 * amount, yaw: 0.5 * amount }
  return { zoom: 1, yaw: 0 }
}

/** How far the surface of the head lies in front of the eyes; everything in half eye distances from their middle. */
export function depthAt(u, v) {
  const ellipsoid = (a, b) => 2.5 * Math.sqrt(Math.max(0, 1 - (a / 2.45) ** 2 - ((b - 0.6) / 3.45) ** 2))
  const hill = (a, width, b, height) => Math.exp(-((a / width) ** 2 + (b / height) ** 2) / 2)
  const nose = 0.65 * hill(u, 0.35, v - 1.15, v < 1.15 ? 0.6 : 0.25)
  return ellipsoid(u, v) - ellipsoid(1, 0) + nose + 0.2 * hill(u, 0.7, v - 2.2, 0.5)
}

/** How far the neck, about which the head turns, lies behind the eyes. */
export const NECK = 0.6

/** How much of the turn a place takes part in: all of the face, nothing outside an ellipse around the head. */
function share(u, v) {
  const r = Math.hypot(u / 3.2, (v - 0.6) / 4.2)
  if (r >= 1) return 0
  return r < 0.6 ? 1 : 0.5 * (1 + Math.cos((Math.PI * (r - 0.6)) / 0.4))
}

/** Where the place (u, v) of the turned face comes from in the still. */
function warped(u, v, yaw) {
  const amount = share(u, v)
  if (amount === 0 || yaw === 0) return u
  let from = u
  for (let i = 0; i < 3; i++) {
    from = u - amount * ((depthAt(from, v) + NECK) * Math.sin(yaw) - from * (1 - Math.cos(yaw)))
  }
  return from
}

/** The eyes of a still: their middle, half their distance and the direction from the right to the left one. */
export function eyesOf({ rightEye, leftEye }) {
  const [hx, hy] = [(leftEye.x - rightEye.x) / 2, (leftEye.y - rightEye.y) / 2]
  const half = Math.hypot(hx, hy)
  return { x: (leftEye.x + rightEye.x) / 2, y: (leftEye.y + rightEye.y) / 2, half, cos: hx / half, sin: hy / half }
}

/**
 * One frame of the film.
 * @param {{ frame: import('@unspoof/core').Frame, eyes: ReturnType<typeof eyesOf> }} still
 * @param {Shot} shot
 * @param {Tuning} tuning
 * @returns {Uint8Array} RGB of SIZE
 */
export function renderStill({ frame, eyes }, shot, { half, noise }, normal) {
  const { width, height } = SIZE
  const out = new Uint8Array(width * height * 3)
  const step = eyes.half / (half * shot.zoom)
  const [c, s] = [Math.cos(shot.roll) * step, Math.sin(shot.roll) * step]
  const [ox, oy] = [width / 2 + shot.dx, height * 0.42 + shot.dy]
  const moved = shot.yaw === 0 ? () => 0 : moves(eyes, { c, s, ox, oy }, shot.yaw)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [ax, ay] = [x - ox, y - oy]
      const way = moved(x, y)
      const px = eyes.x + ax * c + ay * s + way * eyes.cos
      sample(frame, px, eyes.y + ay * c - ax * s + way * eyes.sin, out, (y * width + x) * 3)
    }
  }
  grain(out, shot.gain, noise, normal)
  return out
}

/** Pixels from one place to the next at which the warp is computed; between them it is interpolated. */
const LATTICE = 4

/** How far along the eyes' line each pixel of a turned frame comes from, in pixels of the still. */
function moves(eyes, { c, s, ox, oy }, yaw) {
  const columns = Math.ceil(SIZE.width / LATTICE) + 2
  const rows = Math.ceil(SIZE.height / LATTICE) + 2
  const ways = new Float32Array(columns * rows)
  for (let i = 0; i < ways.length; i++) {
    const [ax, ay] = [(i % columns) * LATTICE - ox, Math.floor(i / columns) * LATTICE - oy]
    const [rx, ry] = [ax * c + ay * s, ay * c - ax * s]
    const u = (rx * eyes.cos + ry * eyes.sin) / eyes.half
    ways[i] = (warped(u, (ry * eyes.cos - rx * eyes.sin) / eyes.half, yaw) - u) * eyes.half
  }
  return (x, y) => {
    const [fx, fy] = [x / LATTICE, y / LATTICE]
    const [ix, iy] = [Math.floor(fx), Math.floor(fy)]
    const [wx, wy] = [fx - ix, fy - iy]
    const i = iy * columns + ix
    const top = ways[i] * (1 - wx) + ways[i + 1] * wx
    return top * (1 - wy) + (ways[i + columns] * (1 - wx) + ways[i + columns + 1] * wx) * wy
  }
}

// One series for all frames, begun elsewhere each time: a normal number for each pixel would take longer than the rest.
const SERIES = Float32Array.from({ length: 1 << 16 }, normals(99))

/** Gain and the noise of a sensor. */
export function grain(pixels, gain, noise, normal) {
  const start = Math.floor(Math.abs(normal()) * 1e6)
  for (let i = 0; i < pixels.length; i += 3) {
    const value = noise * SERIES[(start + i / 3 + (i >> 11) * 7919) & 0xffff]
    for (let c = 0; c < 3; c++) pixels[i + c] = Math.max(0, Math.min(255, Math.round(pixels[i + c] * gain + value)))
  }
}

/** Bilinear; what lies outside is mirrored. */
export function sample({ data, width, height, channels }, x, y, to, at) {
  const fx = Math.min(width - 1.001, Math.max(0, mirrored(x, width - 1)))
  const fy = Math.min(height - 1.001, Math.max(0, mirrored(y, height - 1)))
  const [ix, iy] = [Math.floor(fx), Math.floor(fy)]
  const [wx, wy] = [fx - ix, fy - iy]
  const a = (iy * width + ix) * channels
  const b = a + width * channels
  for (let c = 0; c < 3; c++) {
    const top = data[a + c] * (1 - wx) + data[a + channels + c] * wx
    const low = data[b + c] * (1 - wx) + data[b + channels + c] * wx
    to[at + c] = Math.round(top * (1 - wy) + low * wy)
  }
}

function mirrored(value, last) {
  const positive = Math.abs(value)
  return positive > last ? Math.max(0, 2 * last - positive) : positive
}
