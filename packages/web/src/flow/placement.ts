/** Whether the face is where the oval is, as the person sees it: in a preview that may be cropped and mirrored. */
import type { Box } from '@unspoof/core'
import { type Ellipse, OVAL } from '../ui/oval.ts'
import type { HintCode } from './state.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** The face in pixels of the video. */
export type Region = Pick<Box, 'x' | 'y' | 'width' | 'height'>

export interface Placement {
  readonly fits: boolean
  /** What to do; undefined where the face fits. */
  readonly hint: Extract<HintCode, 'centre-face' | 'face-too-small' | 'face-too-close' | 'moving'> | undefined
  /** From the face to the middle of the oval on the screen, in radii of the oval; right and down are positive. */
  readonly x: number
  readonly y: number
}

/** How far the face may be from the middle, in radii. */
const OFF_CENTRE = 0.4

/** Width of the face in widths of the oval. An arm's length is .5; a face that fills the oval is 1. */
const SIZE = { min: 0.42, max: 1.15 } as const

/** A face that fits may go this much farther before it is sent back: without it the hint would flicker at the edge. */
const SLACK = 1.25

/** Radii from one look to the next above which the person is moving. */
const STILL = 0.2

/**
 * Where the face is in the oval.
 * @param face in pixels of the video
 * @param display the preview in pixels of the page; the video covers it (`object-fit: cover`)
 * @param last the placement of the frame before
 */
export function placeFace(
  face: Region,
  video: Size,
  display: Size,
  mirrored: boolean,
  last?: Placement,
  oval: Ellipse = OVAL,
): Placement {
  const cover = Math.max(display.width / video.width, display.height / video.height)
  // The oval is drawn in a square of 100 that covers the preview, too.
  const unit = Math.max(display.width, display.height) / 100
  const right = (face.x + face.width / 2 - video.width / 2) * cover
  const faceX = mirrored ? -right : right
  const faceY = (face.y + face.height / 2 - video.height / 2) * cover
  const x = (oval.x - 50) / oval.rx - faceX / (oval.rx * unit)
  const y = (oval.y - 50) / oval.ry - faceY / (oval.ry * unit)
  const size = (face.width * cover) / (2 * oval.rx * unit)
  const slack = last?.fits === true ? SLACK : 1
  const hint = hintFor(x, y, size, slack, last)
  return { fits: hint === undefined, hint, x, y }
}

function hintFor(x: number, y: number, size: number, slack: number, last: Placement | undefined): Placement['hint'] {
  // A face far from the middle may be cut off, and its size is then wrong.
  if (Math.hypot(x, y) > OFF_CENTRE * slack) return 'centre-face'
  if (size < SIZE.min / slack) return 'face-too-small'
  if (size > SIZE.max * slack) return 'face-too-close'
  if (last !== undefined && Math.hypot(x - last.x, y - last.y) > STILL) return 'moving'
  return undefined
}
