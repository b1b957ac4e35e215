/** Which parts of the picture speak for live: cover them one by one and look how the answer moves. Explanation, never evidence. */
import { type Box, checkInteger, createFrame, type Frame, box as makeBox, type PadModel } from '@unspoof/core'

export const OCCLUSION_DEFAULTS = { cells: 10 } as const
export const OCCLUSION_RANGES = { cells: { min: 2, max: 40 } } as const

export interface OcclusionOptions {
  /** Cells along the longer side of the map; each is one run of the model. @default {@link OCCLUSION_DEFAULTS.cells} */
  readonly cells?: number
}

export interface OcclusionMap {
  /** The part of the frame the map covers: what the model's largest crop shows of it. Whole pixels, inside the frame. */
  readonly region: Box
  readonly columns: number
  readonly rows: number
  /**
   * How far the margin falls when the cell is covered, row by row. Above 0: what is there speaks for live; below 0: for an attack.
   */
  readonly values: Float32Array
  /** The margin of the picture as it is. */
  readonly margin: number
}

/** A cover is this many cells wide, so that neighbouring covers overlap and the map is smooth. */
const COVER = 2

/**
 * Covers the face and its surroundings cell by cell with their mean colour.
 * @throws LivenessError MODEL_OUTPUT; OPTION_INVALID for cells outside 2..40.
 */
export async function occlusionMap(
  model: Pick<PadModel, 'card' | 'score'>,
  frame: Frame,
  face: Box,
  options: OcclusionOptions = {},
): Promise<OcclusionMap> {
  const cells = checkInteger('cells', options.cells ?? OCCLUSION_DEFAULTS.cells, OCCLUSION_RANGES.cells)
  const region = regionOf(frame, face, Math.max(...model.card.inputs.map((input) => input.crop.scale)))
  const cell = Math.max(1, Math.max(region.width, region.height) / cells)
  const columns = Math.max(1, Math.round(region.width / cell))
  const rows = Math.max(1, Math.round(region.height / cell))
  const covered = createFrame({ ...frame, data: frame.data.slice() })
  const colour = meanColour(frame, region)
  const margin = (await model.score(frame, [face])).margins[0]!
  const values = new Float32Array(columns * rows)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const patch = patchOf(region, column, row, columns, rows)
      fill(covered, patch, colour)
      values[row * columns + column] = margin - (await model.score(covered, [face])).margins[0]!
      restore(covered, frame, patch)
    }
  }
  return { region, columns, rows, values, margin }
}

interface Patch {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

function regionOf(frame: Frame, face: Box, scale: number): Box {
  const side = Math.max(face.width, face.height) * scale
  const centreX = face.x + face.width / 2
  const centreY = face.y + face.height / 2
  const left = clamp(Math.floor(centreX - side / 2), frame.width - 1)
  const top = clamp(Math.floor(centreY - side / 2), frame.height - 1)
  const right = Math.max(left + 1, clamp(Math.ceil(centreX + side / 2), frame.width))
  const bottom = Math.max(top + 1, clamp(Math.ceil(centreY + side / 2), frame.height))
  return makeBox(left, top, right - left, bottom - top)
}

function clamp(value: number, max: number): number {
  return Math.min(max, Math.max(0, value))
}

function patchOf(region: Box, column: number, row: number, columns: number, rows: number): Patch {
  const width = region.width / columns
  const height = region.height / rows
  const centreX = region.x + (column + 0.5) * width
  const centreY = region.y + (row + 0.5) * height
  return {
    left: Math.max(region.x, Math.round(centreX - (COVER * width) / 2)),
    top: Math.max(region.y, Math.round(centreY - (COVER * height) / 2)),
    right: Math.min(region.x + region.width, Math.round(centreX + (COVER * width) / 2)),
    bottom: Math.min(region.y + region.height, Math.round(centreY + (COVER * height) / 2)),
  }
}

function meanColour({ data, width, channels }: Frame, region: Box): readonly [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0]
  for (let y = region.y; y < region.y + region.height; y++) {
    for (let x = region.x; x < region.x + region.width; x++) {
      const at = (y * width + x) * channels
      for (let c = 0; c < 3; c++) sums[c]! += data[at + c]!
    }
  }
  const n = region.width * region.height
  return [Math.round(sums[0] / n), Math.round(sums[1] / n), Math.round(sums[2] / n)]
}

function fill({ data, width, channels }: Frame, patch: Patch, colour: readonly [number, number, number]): void {
  for (let y = patch.top; y < patch.bottom; y++) {
    for (let x = patch.left; x < patch.right; x++) data.set(colour, (y * width + x) * channels)
  }
}

function restore({ data, width, channels }: Frame, from: Frame, patch: Patch): void {
  for (let y = patch.top; y < patch.bottom; y++) {
    const start = (y * width + patch.left) * channels
    data.set(from.data.subarray(start, start + (patch.right - patch.left) * channels), start)
  }
}
