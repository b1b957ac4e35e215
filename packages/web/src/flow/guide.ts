/** What to tell the person after a frame: what the models say of the image, and whether the face is in the oval. */
import type { LivenessResult } from '@unspoof/core'
import { isDark } from './darkness.ts'
import { type Placement, placeFace, type Region } from './placement.ts'
import type { HintCode } from './state.ts'

export interface Advice {
  /** Nothing is wrong that the person can change. */
  readonly good: boolean
  readonly hint: HintCode
  /** Where the face is; undefined without an oval or a face. */
  readonly placement: Placement | undefined
}

export interface GuideOptions {
  /** The interface draws the oval of this package over the preview, and the face has to be in it. */
  readonly oval: boolean
  readonly mirrored: () => boolean
}

/** What the image says. A suspected attack is no hint: it would tell an attacker how far he is. */
function hintOf(result: LivenessResult): HintCode {
  const code = result.reasons[0]?.code
  return result.verdict === 'retry' && code !== undefined && !SILENT.has(code) ? code : 'hold-still'
}

/** Reasons that are about the models and not about what the person can change in front of the camera. */
const SILENT: ReadonlySet<string> = new Set(['attack-suspected', 'unstable', 'uncertain', 'undecided'])

/** Follows one person from frame to frame. */
export function createGuide(video: HTMLVideoElement, { oval, mirrored }: GuideOptions) {
  let last: Placement | undefined
  return (result: LivenessResult): Advice => {
    const hint = hintOf(result)
    const blocked = result.verdict === 'retry' && result.reasons.some(({ code }) => !SILENT.has(code))
    last = oval && result.face !== null ? placeIn(video, result.face.box, mirrored(), last) : undefined
    // Too far and too close are told by the oval, too; what it says is about what the person sees.
    if (last !== undefined && !last.fits) return { good: false, hint: last.hint!, placement: last }
    if (hint === 'no-face' && isDark(video)) return { good: false, hint: 'image-dark', placement: undefined }
    return { good: !blocked, hint, placement: last }
  }
}

/** Undefined for a preview that is not in the page. */
function placeIn(
  video: HTMLVideoElement,
  face: Region,
  mirrored: boolean,
  last: Placement | undefined,
): Placement | undefined {
  const display = { width: video.clientWidth, height: video.clientHeight }
  if (display.width === 0 || display.height === 0) return undefined
  return placeFace(face, { width: video.videoWidth, height: video.videoHeight }, display, mirrored, last)
}
