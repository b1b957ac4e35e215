/**
 * Films of a head in a room, made of one still image: the head is cut out, given a depth, turned and brought nearer in perspective, before a room of which
 * the hidden part is painted in. This is what a better attacker does; as a scene it also stands in for people whose movement cannot be recorded.
 */
import { depthAt, grain, NECK, SIZE, sample } from './still.mjs'

/** From the camera to the eyes at the beginning, in half eye distances: some 45 cm. */
const DISTANCE = 14
/** From the camera to the wall, in the same unit. */
const WALL = 50
/** Samples of the head a pixel and axis. */
const FINE = 1.5

/** Whether a place of the still belongs to the person, in half eye distances from the eyes' middle. */
function isPerson(u, v) {
  if ((u / 2.75) ** 2 + ((v - 0.4) / 3.9) ** 2 < 1) return true
  return v > 2.2 && Math.abs(u) < 1.6 + 2.4 * Math.max(0, v - 3)
}

/** Depth of the person's surface: of the head within its outline, of the body beyond. */
function surface(u, v) {
  return v < 4 && Math.hypot(u / 2.75, (v - 0.4) / 3.9) < 1 ? depthAt(u, v) : -2
}

/**
 * The still's room without the person: each row is filled from both sides.
 * @returns {import('./still.mjs').Still['frame']}
 */
export function emptyRoom({ frame, eyes }) {
  const { width, height, channels } = frame
  const data = new Uint8Array(frame.data)
  for (let y = 0; y < height; y++) {
    let start = -1
    for (let x = 0; x <= width; x++) {
      const [rx, ry] = [x - eyes.x, y - eyes.y]
      const u = (rx * eyes.cos + ry * eyes.sin) / eyes.half
      const v = (ry * eyes.cos - rx * eyes.sin) / eyes.half
      const hidden = x < width && isPerson(u, v)
      if (hidden && start < 0) start = x
      if (hidden || start < 0) continue
      for (let i = start; i < x; i++) {
        // The nearer side's own texture, mirrored at the outline.
        const left = i - start < x - i
        const from = left ? Math.max(0, 2 * start - i - 1) : Math.min(width - 1, 2 * x - i)
        const to = (y * width + i) * channels
        for (let c = 0; c < 3; c++) data[to + c] = frame.data[(y * width + from) * channels + c]
      }
      start = -1
    }
  }
  return { data, width, height, channels }
}

/**
 * One frame of the film.
 * @param {{ frame: object, eyes: object, room: object }} still with its room from {@link emptyRoom}
 * @param {import('./still.mjs').Shot} shot `zoom` is the growth of the face, reached by coming nearer
 * @param {import('./still.mjs').Tuning} tuning
 * @returns {Uint8Array} RGB of SIZE
 */
export function renderHead({ frame, eyes, room }, shot, { half, noise }, normal) {
  const { width, height } = SIZE
  const out = new Uint8Array(width * height * 3)
  const near = DISTANCE / shot.zoom
  const place = { x: width / 2 + shot.dx, y: height * 0.42 + shot.dy }
  // The room grows about the image's middle, by as much as its wall came nearer.
  const growth = (WALL + DISTANCE) / (WALL + near)
  const step = eyes.half / (half * growth)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [rx, ry] = [(x - width / 2) * step, (y - height * 0.42) * step]
      sample(
        room,
        eyes.x + rx * eyes.cos - ry * eyes.sin,
        eyes.y + rx * eyes.sin + ry * eyes.cos,
        out,
        (y * width + x) * 3,
      )
    }
  }
  splat(out, frame, eyes, { near, place, half, yaw: shot.yaw, roll: shot.roll })
  grain(out, shot.gain, noise, normal)
  return out
}

/** Draws the person over the room: each place of the surface at its pixel, the nearest counts. */
function splat(out, frame, eyes, { near, place, half, yaw, roll }) {
  const { width, height } = SIZE
  const depth = new Float32Array(width * height).fill(Number.NEGATIVE_INFINITY)
  const pixel = new Uint8Array(3)
  const [sin, cos] = [Math.sin(yaw), Math.cos(yaw)]
  const [sr, cr] = [Math.sin(roll), Math.cos(roll)]
  const stride = near / DISTANCE / (half * FINE)
  for (let v = -4; v < 9; v += stride) {
    for (let u = -9; u < 9; u += stride) {
      if (!isPerson(u, v)) continue
      const d = surface(u, v)
      // The body does not turn.
      const turning = Math.max(0, Math.min(1, (4 - v) / 1.5))
      const [a, b] = [u, d + NECK]
      const across = a + turning * (a * cos + b * sin - a)
      const forward = d + turning * (b * cos - a * sin - b)
      const scale = (half * DISTANCE) / (near - forward)
      const [px, py] = [across * scale, v * scale]
      const x = Math.round(place.x + px * cr - py * sr)
      const y = Math.round(place.y + px * sr + py * cr)
      if (x < 0 || y < 0 || x >= width || y >= height) continue
      const at = y * width + x
      if (forward < depth[at]) continue
      depth[at] = forward
      const [sx, sy] = [u * eyes.half, v * eyes.half]
      sample(frame, eyes.x + sx * eyes.cos - sy * eyes.sin, eyes.y + sx * eyes.sin + sy * eyes.cos, pixel, 0)
      out.set(pixel, at * 3)
    }
  }
}
