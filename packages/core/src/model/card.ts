/** The model card: exactly how a model is fed and read, and how good it is. The JSON Schema is models/card.schema.json. */

/** Which crop of the face an input wants. */
export interface CardCrop {
  /** Size of the crop in multiples of the face box: of its longer side where `square`, of both sides else. */
  readonly scale: number
  readonly square: boolean
  /**
   * What stands where the crop leaves the picture:
   * `reflect101` mirrors without repeating the edge pixel (gfedcb|abcdefgh), `constant` is black, `replicate` repeats the edge,
   * `clamp` moves the crop (and shrinks its scale) so that it stays inside.
   */
  readonly border: 'reflect101' | 'constant' | 'replicate' | 'clamp'
  readonly down: 'area' | 'linear'
  readonly up: 'lanczos4' | 'linear' | 'cubic'
}

export interface CardInput {
  /** Name of the network's input. */
  readonly name: string
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly layout: 'nchw' | 'nhwc'
  readonly colour: 'rgb' | 'bgr'
  /** Values are `(pixel * scale - mean[c]) / std[c]`, pixel 0..255, channels in `colour` order. */
  readonly scale: number
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
  readonly crop: CardCrop
}

export interface CardOutput {
  /** Name of the network's output, n x classes. */
  readonly name: string
  readonly kind: 'logits' | 'probabilities'
  /** Class names in order; exactly one is `live`. */
  readonly classes: readonly string[]
}

/** `P(live) = sigmoid(slope * margin + offset)`; the margin is `logit(live) - logsumexp(other logits)`. Platt (1999). */
export interface CardCalibration {
  readonly slope: number
  readonly offset: number
  /** How it was fitted: command, data, n. `none` for slope 1 and offset 0. */
  readonly fittedOn: string
  /** Expected calibration error on other data, 0..1. */
  readonly ece?: number
}

/** An error rate as a count, so that its interval can be recomputed. */
export interface CardRate {
  readonly errors: number
  readonly n: number
  /** 95 % Clopper-Pearson, 0..1. */
  readonly interval: readonly [number, number]
}

export interface CardMeasurement {
  readonly data: string
  /** APCER of each PAI species. */
  readonly apcer: Readonly<Record<string, CardRate>>
  readonly bpcer: CardRate
  /** How many live faces and how many attacks are answered `uncertain`, where the operating point has `spoofBelow`. */
  readonly uncertain?: { readonly live: CardRate; readonly spoof: CardRate }
  /** True where the threshold was chosen on this very data. */
  readonly optimistic: boolean
}

/** What the spectra of live faces look like to this model: for explanation only, never for the verdict. */
export interface CardSpectrum {
  /** Which input's crop: a square whose side is a power of two. */
  readonly input: string
  /** Mean and standard deviation of the radial profile of the log spectrum, `width / 2 + 1` values from frequency 0 on. */
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
  /** Live faces it was measured on, and which. */
  readonly n: number
  readonly data: string
}

export type OperatingPointName = 'strict' | 'balanced' | 'lenient'

export interface CardOperatingPoint {
  /** `live` needs a calibrated live probability of at least this, in (0, 1). */
  readonly threshold: number
  /**
   * Below this probability the verdict is `spoof`, in (0, threshold]; from here up to the threshold it is `retry` with `uncertain`.
   * @default the threshold: every face that is not `live` is `spoof`
   */
  readonly spoofBelow?: number
  readonly measured: readonly CardMeasurement[]
}

export interface CardFile {
  /** File name beside the card; no folders. */
  readonly name: string
  /** `int8`, `fp32`, ... The first file is the default. */
  readonly variant: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Public address, where there is one. */
  readonly url?: string
}

interface CardBase {
  readonly schema: 1
  /** Lower-case, digits and dashes; the folder name. */
  readonly id: string
  readonly version: string
  readonly title: string
  readonly files: readonly CardFile[]
  /** SPDX identifier of the weights. */
  readonly licence: string
  /** Where the weights come from: author, source, data and what their licences mean, in words. */
  readonly provenance: string
  readonly limits?: readonly string[]
}

export interface PadCard extends CardBase {
  readonly task: 'pad'
  readonly inputs: readonly CardInput[]
  readonly output: CardOutput
  readonly calibration: CardCalibration
  readonly operatingPoints: Readonly<Record<OperatingPointName, CardOperatingPoint>>
  /** Faces (longer side of the canonical box, pixels) this model was measured on; smaller ones are answered `retry`. */
  readonly validFace: { readonly minSide: number }
  readonly liveSpectrum?: CardSpectrum
}

export interface DetectorCard extends CardBase {
  readonly task: 'face-detection'
  readonly input: {
    readonly name: string
    readonly width: number
    readonly height: number
    readonly layout: 'nchw' | 'nhwc'
    readonly colour: 'rgb' | 'bgr'
    readonly scale: number
    readonly mean: readonly [number, number, number]
    readonly std: readonly [number, number, number]
    /** Where the picture lies in the letterbox. */
    readonly letterbox: 'centre' | 'top-left'
  }
  readonly decoder:
    | {
        readonly kind: 'blazeface'
        /** Names of the regressor output (n x 16) and the score output (n x 1, logits). */
        readonly boxes: string
        readonly scores: string
        /** Anchor grid: stride in pixels and anchors a cell, in order. */
        readonly anchors: readonly { readonly stride: number; readonly perCell: number }[]
        /** What a regressor unit is, in input pixels. */
        readonly unit: number
      }
    | { readonly kind: 'yunet'; readonly strides: readonly number[] }
  /**
   * How to look at a found face again, in a square crop around it. The bound keeps out most things that the first look takes
   * for a face. Without it a found face is believed.
   */
  readonly secondLook?: {
    /** Side of the crop in multiples of the canonical face's longer side. */
    readonly scale: number
    /** Lowest score of a face there, 0..1. */
    readonly minScore: number
  }
  /** Defaults; both 0..1. */
  readonly scoreThreshold: number
  readonly iouThreshold: number
}

/** A network that finds the landmarks of one face in a square around it. */
export interface LandmarksCard extends CardBase {
  readonly task: 'face-landmarks'
  /** As in {@link DetectorCard}; `width` and `height` are equal. */
  readonly input: Omit<DetectorCard['input'], 'letterbox'>
  /** The square the network wants: it lies so that the eyes are level. */
  readonly crop: {
    /** Its side, in multiples of the longer of two distances: from eye to eye, and from their middle to the mouth. */
    readonly scale: number
    /** Its centre: this share of the way from the eyes' middle to the mouth. */
    readonly down: number
  }
  readonly output: {
    /** Name of the output with `x, y, z` of each landmark in input pixels, 1 x count x 3. */
    readonly landmarks: string
    readonly count: number
    /** Name of the output that says whether there is a face, 1 x 1, a logit. */
    readonly presence: string
  }
}

export type ModelCard = PadCard | DetectorCard | LandmarksCard
