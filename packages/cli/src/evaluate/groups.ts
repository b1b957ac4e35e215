/** Subgroups of pictures: measured properties in bands, or any column of the index. */
import { LivenessError } from '@unspoof/core'
import { skinToneOf } from '@unspoof/evaluation'
import type { LabelledPicture } from './index-file.ts'
import type { PictureScores } from './scores.ts'

/** `skin-tone`, `brightness`, `face-size`, or a column of the index. */
export type GroupBy = string

const MEASURED = ['skin-tone', 'brightness', 'face-size'] as const

/** Lower bounds of the bands, in order. */
const BRIGHTNESS = [0, 60, 100, 140, 180] as const
const FACE_SIDE = [0, 64, 96, 128, 192, 256, 384] as const

const UNKNOWN = 'unknown'

/** @throws LivenessError OPTION_INVALID for a name that is neither measured nor a column. */
export function checkGroups(names: readonly string[], columns: readonly string[]): GroupBy[] {
  return names.map((name) => {
    if ((MEASURED as readonly string[]).includes(name) || columns.includes(name)) return name
    throw new LivenessError(
      'OPTION_INVALID',
      `Cannot group by "${name.slice(0, 40)}"; known are ${[...MEASURED, ...columns].join(', ')}.`,
    )
  })
}

export function groupNameOf(by: GroupBy, picture: LabelledPicture, row: PictureScores): string {
  // A column of the index goes before a measurement of the same name: whoever made it knows better.
  const column = picture.columns[by]
  if (column !== undefined) return column === '' ? UNKNOWN : column
  switch (by) {
    case 'skin-tone':
      return row.skinTone === undefined || row.skinTone === null ? UNKNOWN : skinToneOf(row.skinTone)
    case 'brightness':
      return band(row.signals?.brightness, BRIGHTNESS)
    case 'face-size':
      return band(row.signals?.faceSide, FACE_SIDE)
    default:
      return UNKNOWN
  }
}

function band(value: number | undefined, bounds: readonly number[]): string {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN
  const at = bounds.findLastIndex((bound) => value >= bound)
  const next = bounds[at + 1]
  return next === undefined ? `${bounds[at]} and more` : `${bounds[Math.max(0, at)]} to ${next}`
}
