/** From a network's output to one number: how much more live than anything else. */

/** Probabilities are kept this far from 0 and 1 when they are turned back into logits. */
const EPSILON = 1e-7

/**
 * The margin `logit(live) - logsumexp(other logits)`, so that `sigmoid(margin)` is the softmax probability of live.
 * @param values one row of the output, one value a class.
 * @returns NaN or Infinity where the values are not finite: the caller must refuse those.
 */
export function marginOf(values: ArrayLike<number>, live: number, kind: 'logits' | 'probabilities'): number {
  if (kind === 'probabilities') {
    // A row that is no probability distribution means the card is wrong about `kind`: never guess.
    let sum = 0
    for (let i = 0; i < values.length; i++) {
      const p = values[i]!
      if (!(p >= -1e-3 && p <= 1.001)) return Number.NaN
      sum += p
    }
    if (!(Math.abs(sum - 1) < 0.01)) return Number.NaN
    const p = Math.min(1 - EPSILON, Math.max(EPSILON, values[live]!))
    return Math.log(p / (1 - p))
  }
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    if (i !== live && values[i]! > max) max = values[i]!
  }
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    if (i !== live) sum += Math.exp(values[i]! - max)
  }
  return values[live]! - max - Math.log(sum)
}
