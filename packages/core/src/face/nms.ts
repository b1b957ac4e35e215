/** Non-maximum suppression: one detection a face out of the many overlapping ones a detector makes. */
import { type Box, boxFromCorners, iou } from '../image/box.ts'
import type { KeyPoints, Point } from './face.ts'

/** What a decoder reads from a network, in pixels of the network's input. */
export interface Detection {
  readonly box: Box
  readonly keyPoints: KeyPoints
  /** 0..1. */
  readonly score: number
}

/** Keeps the best of each group of overlapping detections (OpenCV's rule). Best first, at most `limit`. */
export function suppress(detections: readonly Detection[], iouThreshold: number, limit: number): Detection[] {
  return groups(detections, iouThreshold, limit).map((group) => group[0]!)
}

/**
 * Replaces each group of overlapping detections by their mean, weighted by score (MediaPipe's rule: steadier from frame to
 * frame than the best one alone). The score is the best one's. Best first, at most `limit`.
 */
export function suppressWeighted(detections: readonly Detection[], iouThreshold: number, limit: number): Detection[] {
  return groups(detections, iouThreshold, limit).map(weightedMean)
}

/** Groups around the best detection that is left, until none is; each group has its best first. */
function groups(detections: readonly Detection[], iouThreshold: number, limit: number): Detection[][] {
  let left = detections.toSorted((a, b) => b.score - a.score)
  const found: Detection[][] = []
  while (left.length > 0 && found.length < limit) {
    const best = left[0]!
    const group: Detection[] = [best]
    const others: Detection[] = []
    for (const detection of left.slice(1)) {
      if (iou(best.box, detection.box) > iouThreshold) group.push(detection)
      else others.push(detection)
    }
    found.push(group)
    left = others
  }
  return found
}

function weightedMean(group: readonly Detection[]): Detection {
  const total = group.reduce((sum, detection) => sum + detection.score, 0)
  const mean = (value: (detection: Detection) => number): number =>
    group.reduce((sum, detection) => sum + detection.score * value(detection), 0) / total
  const point = (name: keyof KeyPoints): Point => ({
    x: mean(({ keyPoints }) => keyPoints[name].x),
    y: mean(({ keyPoints }) => keyPoints[name].y),
  })
  return {
    box: boxFromCorners(
      mean(({ box }) => box.x),
      mean(({ box }) => box.y),
      mean(({ box }) => box.x + box.width),
      mean(({ box }) => box.y + box.height),
    ),
    keyPoints: {
      rightEye: point('rightEye'),
      leftEye: point('leftEye'),
      nose: point('nose'),
      mouth: point('mouth'),
    },
    score: group[0]!.score,
  }
}
