/** Where a detector looks: at the frame as it is and, when it finds nothing there, at more and at parts of it. */
import type { Frame } from '../image/frame.ts'
import type { Region } from './letterbox.ts'

/** How much larger than the frame the second look is: a face that fills the frame is found in it. */
const ZOOM_OUT = 2
/** Width and height of the parts of the third look, as a share of the frame's; they overlap by more than a small face. */
const PART = 0.6
/** A frame whose longer side has fewer pixels shows no more in parts than as a whole. */
const MIN_SIDE_FOR_PARTS = 400

/**
 * Lowest score in the looks after the first. Each look is another chance to take a pattern for a face: at 0.5 one background in
 * nine showed one there, at 0.65 one in forty does, and no real face was lost (818 backgrounds, 2979 faces).
 */
const MIN_SCORE_OF_LATER_LOOKS = 0.65

/** Regions that are searched together. */
export interface View {
  readonly kind: 'whole' | 'zoomed-out' | 'parts'
  readonly regions: readonly Region[]
  /** Lowest score of a face in it, 0..1, where the detector's own threshold is not higher. */
  readonly minScore: number
}

/** Looks to try in order until one finds a face. */
export function views(frame: Frame): View[] {
  const { width, height } = frame
  const whole = { x: 0, y: 0, width, height }
  const zoomedOut = {
    x: (-width * (ZOOM_OUT - 1)) / 2,
    y: (-height * (ZOOM_OUT - 1)) / 2,
    width: width * ZOOM_OUT,
    height: height * ZOOM_OUT,
  }
  const looks: View[] = [
    { kind: 'whole', regions: [whole], minScore: 0 },
    { kind: 'zoomed-out', regions: [zoomedOut], minScore: MIN_SCORE_OF_LATER_LOOKS },
  ]
  if (Math.max(width, height) >= MIN_SIDE_FOR_PARTS) {
    const parts: Region[] = []
    for (const x of [0, width * (1 - PART)]) {
      for (const y of [0, height * (1 - PART)]) parts.push({ x, y, width: width * PART, height: height * PART })
    }
    looks.push({ kind: 'parts', regions: parts, minScore: MIN_SCORE_OF_LATER_LOOKS })
  }
  return looks
}
