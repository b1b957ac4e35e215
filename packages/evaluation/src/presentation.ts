/** One presentation and what the system answered: the row every metric is computed from. */
import { describe, LivenessError, sequenceProbability } from '@unspoof/core'

/** The truth: a bona fide presentation, or an attack presentation. */
export type TrueLabel = 'live' | 'spoof'

/**
 * One presentation: a picture, or a video with one decision. Never the frames of a video as if they were independent:
 * use {@link perVideo} first.
 */
export interface Presentation {
  readonly label: TrueLabel
  /** Live probability, 0..1; `null` is a non-response: the system answered `retry` or nothing. */
  readonly score: number | null
  /** PAI species of an attack, such as `print` or `replay`. @default 'unspecified' */
  readonly species?: string
  /**
   * Who or what the presentation shares with others: a person, an artefact, a video. Presentations of one cluster are
   * resampled together. Without it, each presentation stands alone.
   */
  readonly cluster?: string
}

/** A presentation the system answered. */
export interface ScoredPresentation extends Presentation {
  readonly score: number
}

export const UNSPECIFIED_SPECIES = 'unspecified'

/** @throws LivenessError DATA_INVALID for a label that is neither `live` nor `spoof`, and for a score outside 0..1 or NaN. */
export function checkPresentations(presentations: readonly Presentation[]): void {
  presentations.forEach(({ label, score }, index) => {
    if (label !== 'live' && label !== 'spoof') {
      throw new LivenessError('DATA_INVALID', `Expected live or spoof for the label of presentation ${index + 1}.`)
    }
    if (score !== null && !(Number.isFinite(score) && score >= 0 && score <= 1)) {
      throw new LivenessError(
        'DATA_INVALID',
        `Expected a number from 0 to 1 or null for the score of presentation ${index + 1} but received ${describe(score)}.`,
      )
    }
  })
}

/** Leaves out the non-responses. */
export function scored(presentations: readonly Presentation[]): ScoredPresentation[] {
  return presentations.filter((p): p is ScoredPresentation => p.score !== null)
}

export function speciesOf(presentation: Presentation): string {
  return presentation.species === undefined || presentation.species === '' ? UNSPECIFIED_SPECIES : presentation.species
}

/** Groups by a key, in order of first appearance. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = key(item)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [item])
    else group.push(item)
  }
  return groups
}

/** A frame of a video, as {@link perVideo} takes it. */
export interface VideoFrame extends Presentation {
  readonly video: string
  /** Live probability of a frame that alone is a non-response for its instability; in a sequence it is evidence. */
  readonly unstable?: number
}

/**
 * One presentation a video, with the score that a user's sequence would end with: frames in the given order, 30 at most, stopped as early
 * as `checkSequence()` stops. A video of which fewer than 3 frames could be judged is a non-response.
 * @throws LivenessError DATA_INVALID when the frames of one video do not carry one label and one species.
 */
export function perVideo(frames: readonly VideoFrame[]): Presentation[] {
  checkPresentations(frames)
  return [...groupBy(frames, (frame) => frame.video)].map(([video, group]) => {
    const first = group[0]!
    if (group.some((frame) => frame.label !== first.label || speciesOf(frame) !== speciesOf(first))) {
      throw new LivenessError(
        'DATA_INVALID',
        `Expected one label and one species for all frames of video "${video.slice(0, 80)}".`,
      )
    }
    return {
      label: first.label,
      score: sequenceProbability(group.map(({ score, unstable }) => score ?? unstable ?? null)),
      ...(first.species === undefined ? {} : { species: first.species }),
      cluster: first.cluster ?? video,
    }
  })
}
