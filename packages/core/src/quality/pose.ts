/** Roll and yaw from four key points. */
import type { KeyPoints } from '../face/face.ts'

/** Degrees of the line from the right eye to the left eye (image coordinates): 0 upright, positive = clockwise as seen. */
export function rollOf(points: KeyPoints): number {
  return (Math.atan2(points.leftEye.y - points.rightEye.y, points.leftEye.x - points.rightEye.x) * 180) / Math.PI
}

/**
 * Where the nose lies between the eyes, along the eyes' line: 0 in the middle (frontal), 1 under the left eye (the face is
 * turned to the person's left), -1 under the right eye. Clipped to -2..2.
 */
export function yawOf(points: KeyPoints): number {
  const dx = points.leftEye.x - points.rightEye.x
  const dy = points.leftEye.y - points.rightEye.y
  const squared = dx * dx + dy * dy
  if (squared === 0) return 2
  const along = (points.nose.x - points.rightEye.x) * dx + (points.nose.y - points.rightEye.y) * dy
  return Math.max(-2, Math.min(2, (2 * along) / squared - 1))
}
