/** Robustness: what a camera, a network or a shaky hand does to a picture, in steps. */
import { type Box, box, createFrame, type Frame, LivenessError, seededRandom } from '@unspoof/core'
import sharp, { type Sharp } from 'sharp'

export interface Perturbation {
  /** Such as `jpeg-50`; stands in reports and score files. */
  readonly name: string
  /** Changes the pixels; the face's side in pixels scales what depends on it. */
  readonly picture?: (frame: Frame, faceSide: number) => Promise<Frame>
  /** Moves the box of the face instead, as a detector does. */
  readonly face?: (face: Box) => Box
}

/** Families and their steps. `shift` and `scale` are shares of the face's box, blur is in pixels of a face of 128. */
const FAMILIES = {
  jpeg: { steps: [90, 70, 50, 30], make: (q: number) => ({ picture: (frame: Frame) => jpeg(frame, q) }) },
  blur: {
    steps: [0.5, 1, 2],
    make: (sigma: number) => ({
      picture: (frame: Frame, side: number) => viaSharp(frame, (s) => s.blur(gaussian((sigma * side) / 128))),
    }),
  },
  gamma: {
    steps: [0.5, 0.7, 1.4, 2],
    make: (gamma: number) => ({ picture: async (frame: Frame) => curve(frame, gamma) }),
  },
  resize: {
    steps: [0.75, 0.5, 0.25],
    make: (factor: number) => ({
      picture: (frame: Frame) =>
        viaSharp(frame, (s) =>
          s.resize(Math.max(1, Math.round(frame.width * factor)), Math.max(1, Math.round(frame.height * factor)), {
            fit: 'fill',
            kernel: 'cubic',
          }),
        ),
    }),
  },
  rotate: {
    steps: [-15, -5, 5, 15],
    make: (degrees: number) => ({
      picture: (frame: Frame) => viaSharp(frame, (s) => s.rotate(degrees, { background: { r: 0, g: 0, b: 0 } })),
    }),
  },
  noise: { steps: [5, 10, 20], make: (sigma: number) => ({ picture: async (frame: Frame) => noise(frame, sigma) }) },
  shift: {
    steps: [-0.1, -0.05, 0.05, 0.1],
    make: (share: number) => ({
      face: (face: Box) => box(face.x + share * face.width, face.y + share * face.height, face.width, face.height),
    }),
  },
  scale: {
    steps: [0.8, 0.9, 1.1, 1.25],
    make: (factor: number) => ({
      face: ({ x, y, width, height }: Box) =>
        box(x + (width * (1 - factor)) / 2, y + (height * (1 - factor)) / 2, width * factor, height * factor),
    }),
  },
} as const satisfies Record<
  string,
  { readonly steps: readonly number[]; readonly make: (step: number) => Omit<Perturbation, 'name'> }
>

export const PERTURBATION_FAMILIES = Object.keys(FAMILIES) as (keyof typeof FAMILIES)[]

/** @throws LivenessError OPTION_INVALID for a family that does not exist. */
export function perturbationNames(families: readonly string[]): string[] {
  const wanted = families.includes('all') ? PERTURBATION_FAMILIES : families
  return wanted.flatMap((family) => {
    const known = FAMILIES[family as keyof typeof FAMILIES]
    if (known === undefined) {
      throw new LivenessError(
        'OPTION_INVALID',
        `Unknown perturbation "${family.slice(0, 40)}"; known are all, ${PERTURBATION_FAMILIES.join(', ')}.`,
      )
    }
    return known.steps.map((step) => `${family}${step < 0 ? '' : '+'}${step}`)
  })
}

/** @throws LivenessError OPTION_INVALID */
export function perturbationOf(name: string): Perturbation {
  const match = /^([a-z]+)([+-][\d.]+)$/.exec(name)
  const family = match === null ? undefined : FAMILIES[match[1] as keyof typeof FAMILIES]
  if (match === null || family === undefined) {
    throw new LivenessError('OPTION_INVALID', `Unknown perturbation "${name.slice(0, 40)}".`)
  }
  return { name, ...family.make(Number(match[2])) }
}

/** The default of sharp cuts a small kernel down to one pixel, which blurs nothing. */
function gaussian(sigma: number): { sigma: number; minAmplitude: number; precision: 'float' } {
  return { sigma: Math.max(0.3, sigma), minAmplitude: 0.001, precision: 'float' }
}

function raw(frame: Frame): Sharp {
  const { data, width, height, channels } = frame
  return sharp(data, { raw: { width, height, channels }, limitInputPixels: false })
}

async function viaSharp(frame: Frame, change: (image: Sharp) => Sharp): Promise<Frame> {
  const { data, info } = await change(raw(frame).removeAlpha())
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return createFrame({ data: new Uint8Array(data), width: info.width, height: info.height, channels: 3 })
}

async function jpeg(frame: Frame, quality: number): Promise<Frame> {
  const bytes = await raw(frame).removeAlpha().jpeg({ quality }).toBuffer()
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  return createFrame({ data: new Uint8Array(data), width: info.width, height: info.height, channels: 3 })
}

/** Each pixel x becomes 255 * (x / 255) ^ gamma: above 1 is darker. */
function curve(frame: Frame, gamma: number): Frame {
  const table = Uint8Array.from({ length: 256 }, (_, i) => Math.round(255 * (i / 255) ** gamma))
  const data = Uint8Array.from(frame.data, (value, i) => (frame.channels === 4 && i % 4 === 3 ? value : table[value]!))
  return createFrame({ data, width: frame.width, height: frame.height, channels: frame.channels })
}

/** Gaussian noise of this standard deviation; the same for the same size of picture, so that runs can be compared. */
function noise(frame: Frame, sigma: number): Frame {
  const random = seededRandom(frame.width * 65_537 + frame.height)
  const data = new Uint8ClampedArray(frame.data.length)
  for (let i = 0; i < data.length; i++) {
    if (frame.channels === 4 && i % 4 === 3) {
      data[i] = frame.data[i]!
      continue
    }
    const gaussian = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    data[i] = Math.round(frame.data[i]! + sigma * gaussian)
  }
  return createFrame({ data, width: frame.width, height: frame.height, channels: frame.channels })
}
