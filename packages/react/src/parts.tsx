/** Unstyled parts for an interface of one's own. */
import type { ComponentPropsWithoutRef } from 'react'
import type { UseLivenessResult } from './use-liveness.ts'
import { useThrottled } from './use-throttled.ts'

export interface LivenessVideoProps extends ComponentPropsWithoutRef<'video'> {
  readonly liveness: Pick<UseLivenessResult, 'videoRef' | 'mirrored'>
}

/** The picture of the camera: muted, inline, and as in a mirror for a front camera. */
export function LivenessVideo({ liveness, style, ...props }: LivenessVideoProps) {
  const transform = liveness.mirrored ? 'scaleX(-1)' : undefined
  return <video {...props} ref={liveness.videoRef} muted playsInline style={{ transform, ...style }} />
}

export interface LivenessAnnouncerProps extends ComponentPropsWithoutRef<'p'> {
  readonly text: string
  /** Milliseconds from one announcement to the next at least. @default 2000 */
  readonly intervalMs?: number
}

/** Reads the hint to screen readers, no faster than it can be spoken. */
export function LivenessAnnouncer({ text, intervalMs = 2000, ...props }: LivenessAnnouncerProps) {
  return (
    <p {...props} role="status" aria-live="polite">
      {useThrottled(text, intervalMs)}
    </p>
  )
}
