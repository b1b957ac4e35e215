/** From what browsers throw about cameras to the codes of the core, each with what the person can do. */
import { isLivenessError, LivenessError } from '@unspoof/core'

/**
 * @throws LivenessError CAMERA_INSECURE on plain http, CAMERA_UNSUPPORTED where the browser has no camera access.
 */
export function requireMediaDevices(): MediaDevices {
  const devices = globalThis.navigator?.mediaDevices
  if (typeof devices?.getUserMedia === 'function') return devices
  if (globalThis.isSecureContext === false) {
    throw new LivenessError('CAMERA_INSECURE', 'Browsers open the camera only on https pages and on localhost.')
  }
  throw new LivenessError('CAMERA_UNSUPPORTED', 'This browser gives pages no camera (in-app browsers often do not).', {
    hint: 'Open this page in the browser of the device.',
  })
}

/** The name of the exception is the only part that browsers agree on. */
export function toCameraError(thrown: unknown): LivenessError {
  if (isLivenessError(thrown)) return thrown
  const name = (thrown as { name?: unknown } | null)?.name
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      return new LivenessError(
        'CAMERA_DENIED',
        'The person, the browser or the permissions policy of the page refused the camera.',
        { cause: thrown },
      )
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return new LivenessError('CAMERA_NOT_FOUND', 'There is no such camera.', { cause: thrown })
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return new LivenessError('CAMERA_IN_USE', 'The camera cannot be opened; another program may use it.', {
        cause: thrown,
      })
    default:
      return new LivenessError('CAMERA_UNSUPPORTED', 'The camera cannot be opened.', { cause: thrown })
  }
}
