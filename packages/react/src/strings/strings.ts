/** The sentences a person reads, as data: one object a language. */
import type { ErrorCode, HintCode } from '@unspoof/web'

/** Hints with a sentence of their own; every other code is shown as `again`. */
export type HintKey =
  | Extract<
      HintCode,
      | 'no-face'
      | 'multiple-faces'
      | 'face-too-small'
      | 'face-too-close'
      | 'face-cropped'
      | 'face-cut-off'
      | 'too-dark'
      | 'too-bright'
      | 'low-contrast'
      | 'no-colour'
      | 'blurred'
      | 'face-turned'
      | 'face-tilted'
      | 'occluded'
      | 'attack-suspected'
      | 'unstable'
      | 'uncertain'
      | 'timed-out'
      | 'frozen-frames'
      | 'face-changed'
      | 'challenge-failed'
      | 'allow-camera'
      | 'loading'
      | 'centre-face'
      | 'hold-still'
      | 'submitting'
      | 'move-closer'
      | 'turn-left'
      | 'turn-right'
    >
  | 'again'

/** Errors with a sentence of their own; every other code is shown as `other`. */
export type ErrorKey =
  | Extract<
      ErrorCode,
      | 'CAMERA_DENIED'
      | 'CAMERA_NOT_FOUND'
      | 'CAMERA_IN_USE'
      | 'CAMERA_ENDED'
      | 'CAMERA_INSECURE'
      | 'CAMERA_UNSUPPORTED'
      | 'NETWORK'
      | 'ATTEMPTS_EXCEEDED'
      | 'SESSION_EXPIRED'
    >
  | 'other'

export interface LivenessStrings {
  /** BCP 47 tag, for the `lang` attribute. */
  readonly locale: string
  readonly dir: 'ltr' | 'rtl'
  readonly hints: Readonly<Record<HintKey, string>>
  readonly errors: Readonly<Record<ErrorKey, string>>
  readonly labels: {
    readonly title: string
    readonly intro: string
    readonly start: string
    readonly cancel: string
    readonly retry: string
    /** Names the list of cameras. */
    readonly chooseCamera: string
    /** Names the picture of the camera for screen readers. */
    readonly preview: string
    readonly progress: string
    /** Headings of the three verdicts. */
    readonly live: string
    readonly spoof: string
    readonly tryAgain: string
    /** Heading of an error. */
    readonly failed: string
    readonly paused: string
    /** A camera without a name; a number follows. */
    readonly camera: string
  }
}

/** The sentence for a hint, in the language of `strings`. */
export function hintText(strings: LivenessStrings, code: HintCode | HintKey): string {
  return Object.hasOwn(strings.hints, code) ? strings.hints[code as HintKey] : strings.hints.again
}

/** The sentence for an error, in the language of `strings`. */
export function errorText(strings: LivenessStrings, code: ErrorCode): string {
  return Object.hasOwn(strings.errors, code) ? strings.errors[code as ErrorKey] : strings.errors.other
}
