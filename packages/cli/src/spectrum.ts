/** The radial profile of what a model sees: measured over live faces by a fit, drawn beside one face by explain. */
import {
  type Box,
  type CardInput,
  cropResize,
  type Frame,
  frameSpectrum,
  type PadCard,
  radialProfile,
} from '@unspoof/core'

/** The first input whose crop has a spectrum: a square with a power of two for a side. */
export function spectrumInput(card: PadCard): CardInput | undefined {
  return card.inputs.find(hasSpectrum)
}

export function hasSpectrum({ width, height }: Pick<CardInput, 'width' | 'height'>): boolean {
  return width === height && Number.isInteger(Math.log2(width)) && width >= 16 && width <= 512
}

/** `width / 2 + 1` values, or `undefined` where no input has a spectrum. */
export function liveProfile(card: PadCard, frame: Frame, face: Box): Float32Array | undefined {
  const input = spectrumInput(card)
  if (input === undefined) return undefined
  return radialProfile(frameSpectrum(cropResize(frame, face, input.crop, input.width, input.height)), input.width)
}
