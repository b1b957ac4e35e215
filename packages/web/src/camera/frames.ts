/** videoFrames(): the frames of a playing video, each the newest one at the moment it is asked for. */

export interface VideoFramesOptions {
  readonly signal?: AbortSignal
  /** Milliseconds from one frame to the next at least. @default 0 */
  readonly intervalMs?: number
}

/**
 * Yields the video element once a new picture is on it. While the consumer works, frames pass by unused, so the newest
 * always wins. Ends when the signal aborts or the video has ended; waits while the page is hidden.
 */
export async function* videoFrames(
  video: HTMLVideoElement,
  options: VideoFramesOptions = {},
): AsyncGenerator<HTMLVideoElement, void, undefined> {
  const { signal, intervalMs = 0 } = options
  let next = 0
  while (!signal?.aborted && !video.ended) {
    await nextFrame(video, signal)
    if (signal?.aborted || video.ended) return
    const now = performance.now()
    // Half a frame of tolerance at 30 frames a second, or every interval would be rounded up to the next frame.
    if (now < next - 16) continue
    next = Math.max(next, now - 16) + intervalMs
    yield video
  }
}

/** Resolves when a new picture has been presented, or the signal aborts. Uses a timer where there are no frame callbacks. */
function nextFrame(video: HTMLVideoElement, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const hasCallbacks = typeof video.requestVideoFrameCallback === 'function'
    const time = video.currentTime
    let handle = 0
    const poll = (): void => {
      if (video.currentTime !== time && video.readyState >= 2) done()
      else handle = window.setTimeout(poll, 15)
    }
    const done = (): void => {
      signal?.removeEventListener('abort', done)
      video.removeEventListener('ended', done)
      if (hasCallbacks) video.cancelVideoFrameCallback(handle)
      else clearTimeout(handle)
      resolve()
    }
    signal?.addEventListener('abort', done, { once: true })
    video.addEventListener('ended', done, { once: true })
    if (hasCallbacks) handle = video.requestVideoFrameCallback(done)
    else poll()
  })
}

/**
 * Shows a stream in a video element and waits until it has a picture.
 * iOS plays inline, muted and only with these attributes; a play() that was cut short by another load is not an error.
 */
export async function showStream(video: HTMLVideoElement, stream: MediaStream, signal?: AbortSignal): Promise<void> {
  video.muted = true
  video.playsInline = true
  video.setAttribute('playsinline', '')
  if (video.srcObject !== stream) video.srcObject = stream
  await video.play().catch((error: unknown) => {
    if ((error as { name?: unknown }).name !== 'AbortError') throw error
  })
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) await nextFrame(video, signal)
}
