/** Why a verdict is what it is, in a closed set of codes with a sentence for the person. */

export const REASONS = {
  // Nothing to judge
  'no-face': 'Bring your face into the picture.',
  'multiple-faces': 'Make sure only one person is in the picture.',
  'image-too-small': 'Use a picture with more pixels.',
  'image-aspect': 'Use a picture that is less long and narrow.',
  'animated-image': 'Use a still picture, not an animation.',
  'transparent-image': 'Use a picture without transparency.',
  // Quality
  'face-too-small': 'Move closer to the camera.',
  'face-too-close': 'Move a little away from the camera.',
  'face-cropped': 'Send the whole image as the camera made it, not one cut around the face.',
  'face-cut-off': 'Bring your whole face into the picture.',
  'too-dark': 'Find more light.',
  'too-bright': 'Avoid strong light on your face.',
  'low-contrast': 'Find more even light and clean the lens.',
  'no-colour': 'Use a colour camera in normal light; grey and infrared images cannot be judged.',
  blurred: 'Hold still and let the camera focus.',
  'face-turned': 'Look straight into the camera.',
  'face-tilted': 'Hold your head and the camera upright.',
  occluded: 'Take off what covers your face.',
  // The model
  'attack-suspected': 'Show your own face to the camera, not a picture or a screen.',
  unstable: 'Hold still, a little closer, in even light.',
  uncertain: 'Hold still and look into the camera, in even light.',
  // Sequences and sessions
  undecided: 'Hold still and look into the camera a little longer.',
  'too-few-frames': 'Keep your face in the picture until it is done.',
  'timed-out': 'That took too long; try again.',
  'frozen-frames': 'The camera picture does not change; use a live camera.',
  'frames-seen-before': 'Take new pictures; these were used before.',
  'frame-order': 'The pictures arrived out of order; try again.',
  'frame-timing': 'The pictures were not taken at a steady pace; try again.',
  'face-changed': 'Keep one and the same face in the picture.',
  'challenge-failed': 'Follow the movement you are asked for.',
  'trailing-data': 'Send the picture as the camera made it.',
  // Not checked
  'no-image': 'No picture was sent.',
  unavailable: 'The check is not available right now.',
  skipped: 'This route is not checked.',
} as const satisfies Record<string, string>

export type ReasonCode = keyof typeof REASONS

export interface Reason {
  readonly code: ReasonCode
  /** What the person should do. */
  readonly hint: string
  /** The measured value, where there is one. */
  readonly value?: number
  /** The bound it failed. */
  readonly bound?: number
}

export function reason(code: ReasonCode, measured?: { readonly value: number; readonly bound: number }): Reason {
  return measured === undefined ? { code, hint: REASONS[code] } : { code, hint: REASONS[code], ...measured }
}
