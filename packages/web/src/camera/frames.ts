/** videoFrames() and showStream(): images of a camera, with an error where none come. */
import { LivenessError } from '@unspoof/core'

export interface VideoFramesOptions {
  readonly signal?: AbortSignal
  /** Milliseconds from one frame to the next at least. @default 0 */
  readonly intervalMs?: number
  /** Milliseconds without a new frame after which the camera counts as stalled. @default 10,000 */
  readonly timeoutMs?: number
}

/** Long enough for a busy device, and short enough that nobody leaves. */
export const FRAME_TIMEOUT_MS = 10_000

/** Milliseconds from one look at the watch to the next. */
const TICK_MS = 250

/**
 * Yields the video element once a new frame is on it. While the consumer works, frames pass by unused, so the newest
 * always wins. Ends when the signal aborts or the video has ended; waits while the page is hidden.
 * @throws LivenessError CAMERA_STALLED where no new frame comes for `timeoutMs`, or the browser mutes the camera for so long
 */
export async function* videoFrames(
  video: HTMLVideoElement,
  options: VideoFramesOptions = {},
): AsyncGenerator<HTMLVideoElement, void, undefined> {
  const { signal, intervalMs = 0, timeoutMs = FRAME_TIMEOUT_MS } = options
  let next = 0
  while (!signal?.aborted && !video.ended) {
    if (!(await nextFrame(video, signal, timeoutMs)))
      throw new LivenessError('CAMERA_STALLED', `The camera sent no frame for ${timeoutMs} ms.`)
    if (signal?.aborted || video.ended) return
    const now = performance.now()
    // Half a frame of tolerance at 30 frames a second, or every interval would be rounded up to the next frame.
    if (now < next - 16) continue
    next = Math.max(next, now - 16) + intervalMs
    yield video
  }
}

/**
 * True when a new frame was presented, the video ended or the signal aborts; false when the time is over. Frames of a muted
 * camera do not count: they are black, or the last one again.
 */
function nextFrame(video: HTMLVideoElement, signal: AbortSignal | undefined, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const hasCallbacks = typeof video.requestVideoFrameCallback === 'function'
    const time = video.currentTime
    let handle = 0
    let waited = 0
    const watch = setInterval(() => {
      if (video.ownerDocument.visibilityState === 'hidden') return
      waited += TICK_MS
      if (waited >= timeoutMs) end(false)
    }, TICK_MS)
    const end = (came: boolean): void => {
      clearInterval(watch)
      signal?.removeEventListener('abort', stop)
      video.removeEventListener('ended', stop)
      if (hasCallbacks) video.cancelVideoFrameCallback(handle)
      else clearTimeout(handle)
      resolve(came)
    }
    const stop = (): void => end(true)
    const ask = (): void => {
      if (hasCallbacks) handle = video.requestVideoFrameCallback(arrived)
      else
        handle = window.setTimeout(() => (video.currentTime !== time && video.readyState >= 2 ? arrived() : ask()), 15)
    }
    const arrived = (): void => (isMuted(video) ? ask() : end(true))
    signal?.addEventListener('abort', stop, { once: true })
    video.addEventListener('ended', stop, { once: true })
    if (signal?.aborted) stop()
    else ask()
  })
}

function isMuted({ srcObject }: HTMLVideoElement): boolean {
  return srcObject instanceof MediaStream && srcObject.getVideoTracks()[0]?.muted === true
}

/**
 * Shows a stream in a video element and waits until it has a frame.
 * iOS plays inline, muted and only with these attributes; a play() that was cut short by another load is not an error.
 * @throws LivenessError PLAYBACK_BLOCKED where the browser plays only after a click; CAMERA_NO_FRAMES where none comes in time
 */
export async function showStream(
  video: HTMLVideoElement,
  stream: MediaStream,
  signal?: AbortSignal,
  timeoutMs: number = FRAME_TIMEOUT_MS,
): Promise<void> {
  video.muted = true
  video.playsInline = true
  video.setAttribute('playsinline', '')
  if (video.srcObject !== stream) video.srcObject = stream
  // Not awaited: without a frame play() stays open for ever in some browsers.
  const refused = new Promise<never>((_, reject) => {
    video.play().catch((cause: unknown) => {
      const { name } = cause as { name?: unknown }
      if (name === 'NotAllowedError')
        reject(new LivenessError('PLAYBACK_BLOCKED', 'The browser plays the camera only after a click.', { cause }))
      else if (name !== 'AbortError')
        reject(new LivenessError('CAMERA_NO_FRAMES', 'The image of the camera cannot be played.', { cause }))
    })
  })
  await Promise.race([firstFrame(video, signal, timeoutMs), refused])
}

async function firstFrame(video: HTMLVideoElement, signal: AbortSignal | undefined, timeoutMs: number): Promise<void> {
  if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.paused) return
  if (!(await nextFrame(video, signal, timeoutMs)))
    throw new LivenessError('CAMERA_NO_FRAMES', `The camera opened but sent no frame for ${timeoutMs} ms.`)
}
