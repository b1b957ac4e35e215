/** The sentences a person reads, as data: one object a language. */
import type { ErrorCode } from '@unspoof/core'
import type { HintCode } from '../flow/state.ts'

/** Hints with a sentence of their own; every other code is shown as `again`. */
export type HintKey =
  | Extract<
      HintCode,
      | 'no-face'
      | 'multiple-faces'
      | 'face-too-small'
      | 'face-too-close'
      | 'face-cropped'
      | 'no-colour'
      | 'uncertain'
      | 'face-cut-off'
      | 'too-dark'
      | 'too-bright'
      | 'low-contrast'
      | 'blurred'
      | 'face-turned'
      | 'face-tilted'
      | 'occluded'
      | 'attack-suspected'
      | 'unstable'
      | 'timed-out'
      | 'frozen-frames'
      | 'frame-timing'
      | 'face-changed'
      | 'challenge-failed'
      | 'allow-camera'
      | 'loading'
      | 'centre-face'
      | 'image-dark'
      | 'moving'
      | 'hold-still'
      | 'submitting'
      | 'restarting'
      | 'move-closer'
      | 'turn-left'
      | 'turn-right'
    >
  | 'again'

/** Errors with words of their own; every other code is shown as `other`. */
export type ErrorKey =
  | Extract<
      ErrorCode,
      | 'CAMERA_DENIED'
      | 'CAMERA_POLICY'
      | 'CAMERA_NOT_FOUND'
      | 'CAMERA_IN_USE'
      | 'CAMERA_ENDED'
      | 'CAMERA_NO_FRAMES'
      | 'CAMERA_STALLED'
      | 'CAMERA_INSECURE'
      | 'CAMERA_UNSUPPORTED'
      | 'PLAYBACK_BLOCKED'
      | 'NETWORK'
      | 'DOWNLOAD_TIMEOUT'
      | 'SERVER_TIMEOUT'
      | 'OVERLOADED'
      | 'ATTEMPTS_EXCEEDED'
      | 'SESSION_EXPIRED'
      | 'SUBJECT_MISSING'
    >
  | 'other'

/** Browsers that keep the permission for the camera in different places. */
export type PermissionKey = 'chromium' | 'firefox' | 'safari' | 'ios'

export interface LivenessStrings {
  /** BCP 47 tag, for the `lang` attribute. */
  readonly locale: string
  readonly dir: 'ltr' | 'rtl'
  readonly hints: Readonly<Record<HintKey, string>>
  /** What happened, and what the person can do. */
  readonly errors: Readonly<Record<ErrorKey, readonly [heading: string, advice: string]>>
  /** Where a blocked camera is allowed again, by browser. */
  readonly permission: Readonly<Record<PermissionKey, string>>
  readonly labels: {
    readonly title: string
    readonly intro: string
    readonly start: string
    readonly cancel: string
    readonly retry: string
    /** While a server asks for a pause; `{time}` is replaced. */
    readonly retryIn: string
    /** Names the list of cameras. */
    readonly chooseCamera: string
    /** Names the image of the camera for screen readers. */
    readonly preview: string
    readonly progress: string
    /** Headings of the three verdicts. */
    readonly live: string
    readonly spoof: string
    readonly tryAgain: string
    readonly paused: string
    /** A camera without a name; a number follows. */
    readonly camera: string
  }
}

/** The sentence for a hint, in the language of `strings`. */
export function hintText(strings: LivenessStrings, code: HintCode | HintKey): string {
  return Object.hasOwn(strings.hints, code) ? strings.hints[code as HintKey] : strings.hints.again
}

/** Heading and advice for an error, in the language of `strings`. A blocked camera is explained for this browser. */
export function errorText(
  strings: LivenessStrings,
  code: ErrorCode,
  userAgent: string = globalThis.navigator?.userAgent ?? '',
): { readonly heading: string; readonly advice: string } {
  const key = Object.hasOwn(strings.errors, code) ? (code as ErrorKey) : 'other'
  const [heading, advice] = strings.errors[key]
  const browser = key === 'CAMERA_DENIED' ? browserOf(userAgent) : undefined
  return { heading, advice: browser === undefined ? advice : strings.permission[browser] }
}

/** Undefined for apps with a page inside, which have no address bar, and for browsers we do not know. */
function browserOf(userAgent: string): PermissionKey | undefined {
  if (/; wv\)|FBAN|FBAV|Instagram|Line\//.test(userAgent)) return undefined
  // Every browser on iOS and iPadOS is WebKit inside, but only Safari has this button.
  if (/iPhone|iPad|iPod/.test(userAgent)) return /CriOS|FxiOS|EdgiOS/.test(userAgent) ? undefined : 'ios'
  if (/Firefox\//.test(userAgent)) return 'firefox'
  if (/Chrom(e|ium)\//.test(userAgent)) return 'chromium'
  return /Safari\//.test(userAgent) ? 'safari' : undefined
}
