/** The pictures of an explanation as PNG bytes. */
import type { Box, Frame } from '@unspoof/core'
import type { OcclusionMap } from '@unspoof/evaluation'
import sharp from 'sharp'

export interface Png {
  readonly bytes: Buffer
  readonly width: number
  readonly height: number
}

async function png(data: Uint8Array, width: number, height: number, channels: 1 | 3 | 4): Promise<Png> {
  return { bytes: await sharp(data, { raw: { width, height, channels } }).png().toBuffer(), width, height }
}

export function framePng({ data, width, height, channels }: Frame): Promise<Png> {
  return png(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width, height, channels)
}

/** A centred spectrum in grey, from its lowest value to its highest. */
export function spectrumPng(spectrum: Float32Array, size: number): Promise<Png> {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of spectrum) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const range = Math.max(high - low, 1e-6)
  const grey = Uint8Array.from(spectrum, (value) => Math.round((255 * (value - low)) / range))
  return png(grey, size, size, 1)
}

/** Longest side of the pictures made from the frame: a page of megapixels explains nothing more. */
const MAX_SIDE = 480

/** Colours of the heat map: speaks for an attack, speaks for live. */
const ATTACK = [213, 94, 0] as const
const LIVE = [0, 114, 178] as const

/** The covered region in grey, with what speaks for live in blue and for an attack in orange. */
export async function heatMapPng(frame: Frame, map: OcclusionMap): Promise<Png> {
  const { region, columns, rows, values } = map
  const scale = Math.min(1, MAX_SIDE / Math.max(region.width, region.height))
  const width = Math.max(1, Math.round(region.width * scale))
  const height = Math.max(1, Math.round(region.height * scale))
  const base = await regionSharp(frame, region).resize(width, height, { fit: 'fill' }).greyscale().raw().toBuffer()
  const strongest = Math.max(1e-6, ...values.map(Math.abs))
  const out = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = bilinear(
        values,
        columns,
        rows,
        ((x + 0.5) * columns) / width - 0.5,
        ((y + 0.5) * rows) / height - 0.5,
      )
      const share = 0.75 * Math.min(1, Math.abs(value) / strongest)
      const colour = value >= 0 ? LIVE : ATTACK
      const grey = base[y * width + x]!
      for (let c = 0; c < 3; c++) out[(y * width + x) * 3 + c] = Math.round(grey * (1 - share) + colour[c]! * share)
    }
  }
  return png(out, width, height, 3)
}

/** The whole picture, small, with the face's box. */
export async function overviewPng(frame: Frame, face: Box): Promise<Png> {
  const scale = Math.min(1, MAX_SIDE / Math.max(frame.width, frame.height))
  const width = Math.max(1, Math.round(frame.width * scale))
  const height = Math.max(1, Math.round(frame.height * scale))
  const outline = Buffer.from(
    `<svg width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg"><rect x="${face.x * scale}" y="${face.y * scale}" width="${face.width * scale}" height="${face.height * scale}" fill="none" stroke="#e69f00" stroke-width="3"/></svg>`,
  )
  const small = await rawSharp(frame).resize(width, height, { fit: 'fill' }).png().toBuffer()
  return {
    bytes: await sharp(small)
      .composite([{ input: outline }])
      .png()
      .toBuffer(),
    width,
    height,
  }
}

function rawSharp({ data, width, height, channels }: Frame) {
  return sharp(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), {
    raw: { width, height, channels },
  }).removeAlpha()
}

function regionSharp(frame: Frame, region: Box) {
  return rawSharp(frame).extract({ left: region.x, top: region.y, width: region.width, height: region.height })
}

function bilinear(values: Float32Array, columns: number, rows: number, x: number, y: number): number {
  const left = Math.min(columns - 1, Math.max(0, Math.floor(x)))
  const top = Math.min(rows - 1, Math.max(0, Math.floor(y)))
  const right = Math.min(columns - 1, left + 1)
  const bottom = Math.min(rows - 1, top + 1)
  const dx = Math.min(1, Math.max(0, x - left))
  const dy = Math.min(1, Math.max(0, y - top))
  const at = (column: number, row: number) => values[row * columns + column]!
  return (
    (at(left, top) * (1 - dx) + at(right, top) * dx) * (1 - dy) +
    (at(left, bottom) * (1 - dx) + at(right, bottom) * dx) * dy
  )
}
