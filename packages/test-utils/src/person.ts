/** A camera whose person follows instructions: the redistributable picture, warped and scaled in the page as it moves. */
import type { Page } from 'playwright-core'

export interface Movement {
  /** How far the head turns to its own left, as a shift of the nose in half eye distances; below 0 to its right. */
  readonly turn?: number
  /** How much larger the face becomes. */
  readonly closer?: number
  /** 1 = out of the picture. */
  readonly away?: number
}

declare global {
  /** Makes the person move, after the time that reading and moving takes. */
  var act: (movement: Movement) => void
  /** Makes the camera give no picture for so many milliseconds, as on a device that is too busy. */
  var stall: (milliseconds: number) => void
}

/**
 * From the next navigation on the page's camera shows a person who holds roughly still until `act()` is called. Unlike a file that Chromium plays as its
 * camera it can answer what it is asked for. `/fixtures/astronaut.jpg` must be there.
 */
export async function installPerson(page: Page, first: Movement = {}): Promise<void> {
  await page.addInitScript((start: Movement) => {
    const WIDTH = 640
    const HEIGHT = 480
    /** The face in the picture of 400 x 400: between the eyes, half the distance of the eyes, a little above the nose. */
    const FACE = { x: 184, y: 118, halfEyes: 22 }
    const REACTION_MS = 500
    /** Long enough that two frames of a busy machine show one person and not two. */
    const MOVING_MS = 1600
    type Pose = Required<Movement>
    let from: Pose = { turn: 0, closer: 1, away: 0, ...start }
    let to = from
    let begins = 0
    let stalledUntil = 0

    function pose(): Pose {
      const t = Math.min(1, Math.max(0, (performance.now() - begins) / MOVING_MS))
      const part = t * t * (3 - 2 * t)
      const between = (key: keyof Pose): number => from[key] + part * (to[key] - from[key])
      return { turn: between('turn'), closer: between('closer'), away: between('away') }
    }

    /** As every sensor has: without it two moments of a sway may give the same bytes, which no camera does, and the server rightly calls that a frozen one. */
    function sensorNoise(): OffscreenCanvas {
      const noise = new OffscreenCanvas(WIDTH + 256, HEIGHT + 256)
      const context = noise.getContext('2d')!
      const grains = context.createImageData(noise.width, noise.height)
      for (let i = 0; i < grains.data.length; i += 4) {
        grains.data.fill(Math.random() < 0.5 ? 0 : 255, i, i + 3)
        grains.data[i + 3] = 6 * Math.random()
      }
      context.putImageData(grains, 0, 0)
      return noise
    }

    globalThis.act = (movement) => {
      from = pose()
      to = { ...from, ...movement }
      begins = performance.now() + REACTION_MS
    }

    globalThis.stall = (milliseconds) => {
      stalledUntil = performance.now() + milliseconds
    }

    navigator.mediaDevices.getUserMedia = async () => {
      const picture = new Image()
      picture.src = '/fixtures/astronaut.jpg'
      await picture.decode()
      const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight)
      const screen = document.createElement('canvas')
      screen.width = WIDTH
      screen.height = HEIGHT
      const turned = canvas.getContext('2d')!
      const shown = screen.getContext('2d')!
      const noise = sensorNoise()
      const timer = setInterval(draw, 50)
      // A frame for each drawing and none between: the same picture twice would look like a frozen camera.
      const stream = screen.captureStream(0)
      const track = stream.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack
      const stop = track.stop.bind(track)
      track.stop = () => {
        clearInterval(timer)
        stop()
      }
      draw()
      return stream

      function draw(): void {
        if (performance.now() < stalledUntil) return
        const { turn, closer, away } = pose()
        // A turned head shows its nose, which stands out, farther to the side than its eyes, and those farther than its ears: columns
        // move by a smooth hump that is twice as high at the nose as at the eyes.
        const shift = 2 * turn * FACE.halfEyes
        const columnOf = (x: number): number => {
          const u = (x - FACE.x) / (2 * FACE.halfEyes)
          return x + (Math.abs(u) < 1 ? (shift / 2) * (1 + Math.cos(Math.PI * u)) : 0)
        }
        turned.drawImage(picture, 0, 0)
        // In the direction of the turn: columns cover each other, and so do it alike for a turn to the left and one to the right.
        for (let i = 0; shift !== 0 && i < 4 * FACE.halfEyes; i++) {
          const x = FACE.x + (shift > 0 ? i - 2 * FACE.halfEyes : 2 * FACE.halfEyes - 1 - i)
          const left = columnOf(x)
          turned.drawImage(picture, x, 0, 1, canvas.height, left, 0, columnOf(x + 1) - left + 0.5, canvas.height)
        }
        // Nobody holds perfectly still.
        const now = performance.now() / 1000
        const height = 250 / closer
        const width = (height * WIDTH) / HEIGHT
        const x = FACE.x - width / 2 + 4 * Math.sin(2.7 * now)
        // Above the person there is no more picture: lower, so that they sway up and down there, too.
        const y = Math.max(3, FACE.y - height / 2) + 3 * Math.sin(4.1 * now)
        // Behind them what is at the picture's right edge, where nobody is.
        shown.drawImage(picture, 290 + x / 20, 10 + y / 20, 80, 60, 0, 0, WIDTH, HEIGHT)
        shown.drawImage(canvas, x, y, width, height, 0, away * HEIGHT, WIDTH, HEIGHT)
        shown.drawImage(noise, -Math.floor(256 * Math.random()), -Math.floor(256 * Math.random()))
        track.requestFrame()
      }
    }
  }, first)
}
