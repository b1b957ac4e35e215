/** The pictures and expected values of vectors.json, which make.py made. */
import { readFileSync } from 'node:fs'
import { createFrame, type Frame } from '../../image/frame.ts'
import type { Interpolation } from '../../image/resize.ts'
import type { CardCrop } from '../../model/card.ts'

interface Slice {
  readonly start: number
  readonly bytes: number
}

interface Picture {
  readonly kind: 'noise' | 'smooth' | 'checker' | 'screen'
  readonly seed: number
}

interface Vectors {
  readonly resizes: readonly (Picture & {
    readonly size: [number, number]
    readonly target: [number, number]
    readonly interpolation: Interpolation
    readonly expected: Slice
  })[]
  readonly crops: readonly (Picture & {
    readonly size: [number, number]
    readonly box: [number, number, number, number]
    readonly crop: CardCrop
    readonly target: [number, number]
    readonly expected: Slice
  })[]
  readonly spectra: readonly (Picture & {
    readonly size: number
    readonly spectrum: Slice
    readonly target: Slice
    readonly radial: Slice
  })[]
}

export const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vectors
const blob = readFileSync(new URL('vectors.bin', import.meta.url))

export function bytesOf({ start, bytes }: Slice): Uint8Array {
  return Uint8Array.from(blob.subarray(start, start + bytes))
}

export function floatsOf(slice: Slice): Float32Array {
  return new Float32Array(bytesOf(slice).buffer)
}

/** The same formulas as `picture` in make.py. */
export function picture({ kind, seed }: Picture, width: number, height: number, channels: 3 | 4 = 3): Frame {
  // Alpha is not to be read, so it is not opaque.
  const data = new Uint8Array(width * height * channels).fill(7)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        data[(y * width + x) * channels + c] = pixelOf(kind, x, y, c, noiseOf(x, y, c, seed))
      }
    }
  }
  return createFrame({ data, width, height, channels })
}

function noiseOf(x: number, y: number, c: number, seed: number): number {
  let h = (Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(c, 362437) + Math.imul(seed, 974711)) | 0
  h = Math.imul(h ^ (h >>> 13), 1274126177)
  return (h ^ (h >>> 16)) & 255
}

function pixelOf(kind: Picture['kind'], x: number, y: number, c: number, noise: number): number {
  if (kind === 'noise') return noise
  if (kind === 'smooth') return (x * 3 + y * 2 + c * 40 + (noise >> 4)) & 255
  if (kind === 'checker') return ((Math.floor(x / 3) + Math.floor(y / 2)) % 2) * 200 + 20
  return Math.min(255, 60 + ((x + y) >> 1) + (x % 4 === 0 || y % 4 === 0 ? 40 : 0) + (noise >> 5))
}
