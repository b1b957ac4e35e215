/** A loaded PAD model: card, session, and crops in, margins out. */
import type { Box } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'
import type { PadCard } from './card.ts'

export interface PadModel {
  readonly card: PadCard
  readonly variant: string
  /**
   * Scores boxes of one frame in one batch (one by one where the model's batch is fixed).
   * @returns for each box the margin `logit(live) - logsumexp(other logits)`, finite, before calibration.
   * @throws LivenessError MODEL_OUTPUT when the network answers NaN, Infinity or another shape than its card says.
   */
  score(frame: Frame, boxes: readonly Box[]): Promise<PadScores>
  close(): Promise<void>
}

export interface PadScores {
  readonly margins: readonly number[]
  /** Milliseconds. */
  readonly timings: { readonly crop: number; readonly model: number }
}
