/** Asks the browser for a camera, with a second try where the first one often fails for no lasting reason. */
import { LivenessError } from '@unspoof/core'
import { type CameraPermission, forbiddenByFrame } from './permission.ts'

/** Milliseconds until a camera that another page or program is just letting go of is asked for once more. */
const AGAIN_MS = 700

/** Milliseconds a camera may take to open where the person does not have to answer first. */
const OPEN_TIMEOUT_MS = 20_000

/**
 * Opens a camera once more after NotReadableError and AbortError, and with no wishes after OverconstrainedError.
 * @throws LivenessError CAMERA_POLICY, CAMERA_NO_FRAMES; and what the browser throws
 */
export async function openCamera(
  media: MediaDevices,
  video: MediaTrackConstraints,
  permission: CameraPermission,
): Promise<MediaStream> {
  const get = (wanted: MediaTrackConstraints | true): Promise<MediaStream> =>
    inTime(media.getUserMedia({ video: wanted, audio: false }), permission)
  const asked = performance.now()
  try {
    return await get(video)
  } catch (error) {
    switch ((error as { name?: unknown } | null)?.name) {
      case 'NotAllowedError':
      case 'SecurityError':
        if (!forbiddenByFrame(permission, performance.now() - asked)) throw error
        throw new LivenessError('CAMERA_POLICY', 'The page around this one does not allow the camera.', {
          cause: error,
        })
      case 'NotReadableError':
      case 'AbortError':
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        return get(video)
      case 'OverconstrainedError':
        // A camera that was asked for by its id is gone; a driver that knows no sizes is there.
        if (video.deviceId !== undefined) throw error
        return get(true)
      default:
        throw error
    }
  }
}

/** While the browser may be asking the person, there is no limit. A stream that comes too late is closed. */
function inTime(opening: Promise<MediaStream>, permission: CameraPermission): Promise<MediaStream> {
  if (permission !== 'granted') return opening
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      reject(new LivenessError('CAMERA_NO_FRAMES', `The camera did not open within ${OPEN_TIMEOUT_MS} ms.`))
    }, OPEN_TIMEOUT_MS)
    opening.then(
      (stream) => {
        clearTimeout(timer)
        if (late) for (const track of stream.getTracks()) track.stop()
        else resolve(stream)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
