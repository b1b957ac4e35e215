/** Everything that explains one verdict: what the model saw, and what moves its answer. */
import {
  calibratedLogit,
  cropResize,
  type Face,
  type Frame,
  frameSpectrum,
  jitterBoxes,
  logSpectrum,
  lumaOf,
  nativeSquare,
  type PadModel,
  radialProfile,
  sigmoid,
} from '@unspoof/core'
import { type OcclusionMap, occlusionMap } from '@unspoof/evaluation'
import { hasSpectrum } from '../spectrum.ts'
import { framePng, heatMapPng, type Png, spectrumPng } from './images.ts'

/** A picture of an explanation: file name, what it is, and its bytes. */
export interface ExplainedImage {
  readonly file: string
  readonly caption: string
  readonly png: Png
}

export interface Profile {
  readonly name: string
  readonly values: Float32Array
}

export interface ModelExplanation {
  readonly model: string
  readonly images: readonly ExplainedImage[]
  readonly profiles: readonly Profile[]
  /** What the face as it is said, and each jittered crop. */
  readonly crops: readonly { readonly box: Face['box']; readonly margin: number; readonly probability: number }[]
  readonly occlusion: OcclusionMap
}

/** The most crops a check can score. */
const CROPS = 5

export async function explainModel(
  model: PadModel,
  frame: Frame,
  face: Face,
  options: { readonly cells?: number } = {},
): Promise<ModelExplanation> {
  const { card } = model
  const images: ExplainedImage[] = []
  const profiles: Profile[] = []
  for (const input of card.inputs) {
    const crop = cropResize(frame, face.box, input.crop, input.width, input.height)
    const what = `${input.name}: ${input.width} x ${input.height}, ${input.crop.scale} x the face`
    images.push({
      file: `${card.id}-${input.name}.png`,
      caption: `What the model saw. ${what}`,
      png: await framePng(crop),
    })
    if (!hasSpectrum(input)) continue
    const spectrum = frameSpectrum(crop)
    images.push({
      file: `${card.id}-${input.name}-spectrum.png`,
      caption: `Log spectrum of ${input.name}; low frequencies in the middle.`,
      png: await spectrumPng(spectrum, input.width),
    })
    profiles.push({ name: input.name, values: radialProfile(spectrum, input.width) })
    profiles.push(...liveReference(card, input.name))
  }
  const native = nativeSpectrum(frame, face)
  if (native !== undefined) {
    images.push({
      file: `${card.id}-native-spectrum.png`,
      caption: `Log spectrum of ${native.size} x ${native.size} of the picture's own pixels in the face.`,
      png: await spectrumPng(native.spectrum, native.size),
    })
    profiles.push({ name: 'own pixels', values: radialProfile(native.spectrum, native.size) })
  }
  const occlusion = await occlusionMap(model, frame, face.box, options)
  images.push({
    file: `${card.id}-occlusion.png`,
    caption: 'Covering what is blue lowers the live probability, covering what is orange raises it.',
    png: await heatMapPng(frame, occlusion),
  })
  const boxes = jitterBoxes(face.box, CROPS)
  const { margins } = await model.score(frame, boxes)
  return {
    model: `${card.id}:${model.variant}`,
    images,
    profiles,
    crops: margins.map((margin, i) => ({
      box: boxes[i]!,
      margin,
      probability: sigmoid(calibratedLogit(margin, card.calibration)),
    })),
    occlusion,
  }
}

/** What live faces look like to this model, two standard deviations wide, where its card says so. */
function liveReference({ liveSpectrum }: PadModel['card'], input: string): Profile[] {
  if (liveSpectrum === undefined || liveSpectrum.input !== input) return []
  const { mean, deviation, n } = liveSpectrum
  const at = (sign: 1 | -1) => Float32Array.from(mean, (value, r) => Math.max(0, value + sign * 2 * deviation[r]!))
  return [
    { name: `live faces, high (${n})`, values: at(1) },
    { name: `live faces, low (${n})`, values: at(-1) },
  ]
}

function nativeSpectrum(
  frame: Frame,
  face: Face,
): { readonly spectrum: Float32Array; readonly size: number } | undefined {
  const square = nativeSquare(frame, face.box)
  if (square === undefined) return undefined
  const luma = lumaOf(frame, new Float64Array(frame.width * frame.height))
  const size = square.width
  const part = new Float64Array(size * size)
  for (let y = 0; y < size; y++) {
    const start = (square.y + y) * frame.width + square.x
    part.set(luma.subarray(start, start + size), y * size)
  }
  return { spectrum: logSpectrum(part, size), size }
}
