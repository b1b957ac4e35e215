/** Does a live probability of 0.9 mean nine of ten? Reliability, and the fits that make it so. */
import { LivenessError } from '@unspoof/core'
import { clopperPearson, type Interval } from './intervals.ts'
import { checkPresentations, type Presentation, scored, type TrueLabel } from './presentation.ts'

export interface ReliabilityBin {
  /** Bounds of the live probability, 0..1; the upper one belongs to the next bin. */
  readonly from: number
  readonly to: number
  readonly n: number
  /** Mean live probability in the bin; `null` where it is empty. */
  readonly meanScore: number | null
  /** Share of live presentations in the bin, and its 95 % interval; `null` where it is empty. */
  readonly liveShare: number | null
  readonly interval: Interval | null
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[]
  /** Expected calibration error: mean distance of `meanScore` and `liveShare`, weighted by n, 0..1. */
  readonly ece: number
  /** Mean squared error of the live probability, 0..1. */
  readonly brier: number
  readonly n: number
}

/**
 * Reliability of the scored presentations in bins of equal width. Mind that it depends on the share of attacks in the data.
 * @throws LivenessError DATA_TOO_FEW when nothing was scored.
 */
export function reliability(presentations: readonly Presentation[], binCount = 10): Reliability {
  checkPresentations(presentations)
  const answered = scored(presentations)
  if (answered.length === 0) throw new LivenessError('DATA_TOO_FEW', 'Expected at least one scored presentation.')
  const counts = Array.from({ length: binCount }, () => ({ n: 0, live: 0, sum: 0 }))
  let squares = 0
  for (const { score, label } of answered) {
    const bin = counts[Math.min(binCount - 1, Math.floor(score * binCount))]!
    bin.n++
    bin.sum += score
    if (label === 'live') bin.live++
    squares += (score - (label === 'live' ? 1 : 0)) ** 2
  }
  let ece = 0
  const bins = counts.map(({ n, live, sum }, i): ReliabilityBin => {
    const bounds = { from: i / binCount, to: (i + 1) / binCount, n }
    if (n === 0) return { ...bounds, meanScore: null, liveShare: null, interval: null }
    ece += (Math.abs(sum - live) / n) * (n / answered.length)
    return { ...bounds, meanScore: sum / n, liveShare: live / n, interval: clopperPearson(live, n) }
  })
  return { bins, ece, brier: squares / answered.length, n: answered.length }
}

/** `P(live) = sigmoid(slope * margin + offset)`. */
export interface Calibration {
  readonly slope: number
  readonly offset: number
}

/** A margin `logit(live) - logsumexp(other logits)` before calibration, and the truth. */
export interface LabelledMargin {
  readonly margin: number
  readonly label: TrueLabel
}

export interface FitOptions {
  /**
   * Share of live presentations the probability shall be right for, inside (0, 1). Classes are weighted to it, so that
   * the shares in the data, which are an accident of collecting, do not matter. `'data'` takes those shares instead.
   * @default 0.5
   */
  readonly prior?: number | 'data'
}

/**
 * Platt scaling with his smoothed targets (1999), by Newton's method with backtracking (Lin, Lin, Weng 2007). The smoothing
 * keeps the fit finite where the margins separate the classes.
 * @throws LivenessError DATA_TOO_FEW when a class is missing; DATA_INVALID for a margin that is not finite.
 */
export function fitPlatt(data: readonly LabelledMargin[], options: FitOptions = {}): Calibration {
  return fit(data, options, false)
}

/**
 * Temperature scaling: `offset` stays 0 and `slope` is 1 / temperature. Targets are smoothed as in {@link fitPlatt}.
 * @throws LivenessError as {@link fitPlatt}.
 */
export function fitTemperature(data: readonly LabelledMargin[], options: FitOptions = {}): Calibration {
  return fit(data, options, true)
}

function fit(data: readonly LabelledMargin[], { prior = 0.5 }: FitOptions, slopeOnly: boolean): Calibration {
  const lives = data.filter((d) => d.label === 'live').length
  const spoofs = data.length - lives
  if (lives === 0 || spoofs === 0) {
    throw new LivenessError(
      'DATA_TOO_FEW',
      `Expected margins of both classes but received ${lives} live and ${spoofs} spoof.`,
    )
  }
  if (!data.every((d) => Number.isFinite(d.margin))) {
    throw new LivenessError('DATA_INVALID', 'Expected finite margins.')
  }
  const liveWeight = prior === 'data' ? 1 : (prior * data.length) / lives
  const spoofWeight = prior === 'data' ? 1 : ((1 - prior) * data.length) / spoofs
  const high = (lives + 1) / (lives + 2)
  const low = 1 / (spoofs + 2)
  const rows = data.map(({ margin, label }) =>
    label === 'live' ? { margin, target: high, weight: liveWeight } : { margin, target: low, weight: spoofWeight },
  )
  const loss = (slope: number, offset: number) =>
    rows.reduce((sum, { margin, target, weight }) => {
      const z = slope * margin + offset
      // log(1 + e^z) - target * z, written so that neither side overflows.
      return sum + weight * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z)
    }, 0)

  let slope = 0
  let offset = 0
  let value = loss(slope, offset)
  for (let step = 0; step < 100; step++) {
    let gradSlope = 0
    let gradOffset = 0
    let hSlope = 1e-12
    let hOffset = 1e-12
    let hMixed = 0
    for (const { margin, target, weight } of rows) {
      const p = 1 / (1 + Math.exp(-(slope * margin + offset)))
      const error = weight * (p - target)
      const curvature = weight * p * (1 - p)
      gradSlope += error * margin
      gradOffset += error
      hSlope += curvature * margin * margin
      hOffset += curvature
      hMixed += curvature * margin
    }
    if (Math.abs(gradSlope) < 1e-9 && (slopeOnly || Math.abs(gradOffset) < 1e-9)) break
    const determinant = hSlope * hOffset - hMixed * hMixed
    const stepSlope = slopeOnly ? -gradSlope / hSlope : -(hOffset * gradSlope - hMixed * gradOffset) / determinant
    const stepOffset = slopeOnly ? 0 : -(hSlope * gradOffset - hMixed * gradSlope) / determinant
    let size = 1
    let next = loss(slope + size * stepSlope, offset + size * stepOffset)
    const expected = gradSlope * stepSlope + gradOffset * (slopeOnly ? 0 : stepOffset)
    while (size > 1e-10 && next > value + 1e-4 * size * expected) {
      size /= 2
      next = loss(slope + size * stepSlope, offset + size * stepOffset)
    }
    if (size <= 1e-10) break
    slope += size * stepSlope
    offset += size * stepOffset
    value = next
  }
  return { slope, offset }
}
