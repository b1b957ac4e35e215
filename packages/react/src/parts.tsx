/** Unstyled parts for an interface of one's own. */
import { type ComponentPropsWithoutRef, useRef, useState } from 'react'
import { useIsomorphicLayoutEffect } from './use-kept-focus.ts'
import type { UseLivenessResult } from './use-liveness.ts'
import { useThrottled } from './use-throttled.ts'

export interface LivenessVideoProps extends ComponentPropsWithoutRef<'video'> {
  readonly liveness: Pick<UseLivenessResult, 'videoRef' | 'mirrored'>
}

/** The image of the camera: muted, inline, and as in a mirror for a front camera. */
export function LivenessVideo({ liveness, ...props }: LivenessVideoProps) {
  const { videoRef, mirrored } = liveness
  const element = useRef<HTMLVideoElement>(null)
  const [attach] = useState(() => (video: HTMLVideoElement | null) => {
    element.current = video
    videoRef(video)
  })
  // Not as an attribute: in a page made on a server a strict `style-src` blocks it, and the preview is never mirrored.
  useIsomorphicLayoutEffect(() => {
    if (element.current !== null) element.current.style.scale = mirrored ? '-1 1' : ''
  }, [mirrored])
  return <video {...props} ref={attach} data-mirrored={mirrored} muted playsInline />
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
