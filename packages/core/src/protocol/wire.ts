/** The session protocol, version 2, as types: shared by server, page and clients. PROTOCOL.md explains it. */
import type { ClientResult } from '../decide/result.ts'

export const PROTOCOL_VERSION = 2

/** What the server may ask for, each with one English sentence for the person. Left and right are the person's own. */
export const CHALLENGES = {
  'move-closer': 'Look straight ahead and move closer to the camera.',
  'turn-left': 'Turn your head to your left.',
  'turn-right': 'Turn your head to your right.',
} as const satisfies Record<string, string>

export type ChallengeKind = keyof typeof CHALLENGES

export const CHALLENGE_KINDS = Object.keys(CHALLENGES) as ChallengeKind[]

/** Body of `POST BASE/sessions`. */
export interface StartRequest {
  readonly version: typeof PROTOCOL_VERSION
}

/** What the client captures. */
export interface CaptureRequest {
  /** Frames of the person looking straight ahead, before the first movement is told. */
  readonly holdFrames: number
  /** Milliseconds from frame to frame. Accepted gaps: {@link FRAME_GAP} times this. */
  readonly intervalMs: number
  /** Wanted size in pixels. */
  readonly width: number
  readonly height: number
  readonly type: 'image/jpeg'
  /** JPEG quality, 0..1. */
  readonly quality: number
  /** Largest number of frames a session may come to. */
  readonly maxFrames: number
  readonly maxFrameBytes: number
  readonly maxTotalBytes: number
}

/** Answer to {@link StartRequest}. */
export interface StartedSession {
  readonly version: typeof PROTOCOL_VERSION
  /** 22 characters of base64url, as is the nonce. */
  readonly id: string
  readonly nonce: string
  readonly capture: CaptureRequest
  /** Milliseconds until the held frames must be committed. */
  readonly expiresInMs: number
  /** ISO 8601, by the server's clock. */
  readonly expiresAt: string
}

export interface CommittedFrame {
  /** Milliseconds since the client received {@link StartedSession}: an integer, strictly increasing. */
  readonly timeMs: number
  /** Lower-case hex of SHA-256 over `${nonce}.${index}.${timeMs}.` in UTF-8, followed by the JPEG. */
  readonly digest: string
}

/** Body of `POST BASE/sessions/:id/commits`: the digests of one step's frames, before anything more is told. */
export interface CommitRequest {
  readonly version: typeof PROTOCOL_VERSION
  readonly nonce: string
  /** 0 for the held frames, then the number of the movement. */
  readonly step: number
  readonly frames: readonly CommittedFrame[]
  /** With step 0 only: the pixels are mirrored. @default false */
  readonly mirrored?: boolean
}

/** One movement. */
export interface Step {
  /** 1 is the first movement. */
  readonly index: number
  /** How many movements the session has. */
  readonly of: number
  readonly kind: ChallengeKind
  readonly hint: string
  /** Frames to take of this movement. */
  readonly frames: number
}

/** Answer to {@link CommitRequest}. */
export interface CommitAnswer {
  readonly version: typeof PROTOCOL_VERSION
  /** The next movement; `null` where the frames are to be sent now. */
  readonly step: Step | null
  /** Milliseconds, by the server's clock, until the next commit or the submission must arrive. */
  readonly withinMs: number
}

/** What a client tells about its camera. It can say anything: used for injection signals only. */
export interface TrackInfo {
  readonly label?: string
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  readonly facingMode?: string
}

/** The field `meta` of `POST BASE/sessions/:id/frames`; the JPEGs follow in the order of the commits. */
export interface SubmissionMeta {
  readonly version: typeof PROTOCOL_VERSION
  readonly nonce: string
  readonly track?: TrackInfo | undefined
}

/** The verdict as the client may see it: no scores. */
export interface SubmitAnswer extends ClientResult {
  /** For `live`, where the server has a signing key. */
  readonly token?: string
}

/** Accepted gap between two frames of a step, in intervals. Between two steps only the deadline counts. */
export const FRAME_GAP = { min: 0.4, max: 4 } as const
