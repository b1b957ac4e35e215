/** Whether a turned face is a turned plane: a homography fitted to eyes, brows and lips takes the nose of a flat photo along, but not that of a head. */
import { fitHomography, project } from './homography.ts'
import { FLAT_PARTS, NOSE } from './landmarks.ts'

/**
 * How far the nose misses the plane, in distances between the outer corners of the eyes.
 * @param frontal mesh of a face that looks straight ahead: `x, y, z` by turns
 * @param turned mesh of the same face, turned
 * @returns undefined where the points do not determine a plane
 */
export function noseParallax(frontal: Float64Array, turned: Float64Array): number | undefined {
  const a = normaliser(frontal)
  const b = normaliser(turned)
  const h = fitHomography(a.points(FLAT_PARTS), b.points(FLAT_PARTS))
  if (h === undefined) return undefined
  const from = a.points(NOSE)
  const to = b.points(NOSE)
  let missed = 0
  for (let i = 0; i < from.length; i += 2) {
    const { x, y } = project(h, from[i]!, from[i + 1]!)
    missed += Math.hypot(to[i]! - x, to[i + 1]! - y)
  }
  const parallax = missed / NOSE.length
  return Number.isFinite(parallax) ? parallax : undefined
}

/** Coordinates with the eyes' middle at the origin, in which the eyes of a frontal face are about 1 apart. */
function normaliser(mesh: Float64Array): { points(indices: readonly number[]): Float64Array } {
  const middle = (axis: number): number => (mesh[33 * 3 + axis]! + mesh[263 * 3 + axis]!) / 2
  const [cx, cy] = [middle(0), middle(1)]
  // Eyes to chin: hardly changed by turning the head.
  const unit = Math.hypot(mesh[152 * 3]! - cx, mesh[152 * 3 + 1]! - cy) / 1.9
  return {
    points: (indices) =>
      Float64Array.from(indices.flatMap((i) => [(mesh[3 * i]! - cx) / unit, (mesh[3 * i + 1]! - cy) / unit])),
  }
}
