/** The pixel work of a check beside sharp's crop: the same rectangle of the same pixels, brought to the same size. */
import { cropRect, cropResize, type Frame, measureQuality, type PadCard, packTensor } from '@unspoof/core'
import { createLiveness, decodeImage } from '@unspoof/node'
import sharp from 'sharp'
import { type Measurement, measure } from './measure.ts'

export interface PreprocessingRow {
  readonly step: string
  readonly measurement: Measurement
}

/** Step by step, in turns. Empty where there is no face. */
export async function benchPreprocessing(
  jpeg: Uint8Array,
  card: PadCard,
  seconds: number,
): Promise<PreprocessingRow[]> {
  const frame = (await decodeImage(jpeg)).frame as Frame
  await using liveness = await createLiveness({ crops: 1 })
  const { face } = await liveness.check(frame)
  if (face === null) return []
  const input = card.inputs[0]!
  const { width, height, crop } = input
  const rect = cropRect(frame, face.box, crop)
  // sharp cannot reach outside a picture: it gets the part of the rectangle that lies inside.
  const left = Math.max(0, rect.x)
  const top = Math.max(0, rect.y)
  const inside = {
    left,
    top,
    width: Math.min(frame.width, rect.x + rect.width) - left,
    height: Math.min(frame.height, rect.y + rect.height) - top,
  }
  const raw = { raw: { width: frame.width, height: frame.height, channels: frame.channels } }
  const tensor = new Float32Array(3 * width * height)
  const steps = {
    'decode (sharp, with limits and hash)': async () => void (await decodeImage(jpeg)),
    [`crop ${rect.width} x ${rect.height} to ${width} x ${height}, ours, as OpenCV`]: async () =>
      void cropResize(frame, face.box, crop, width, height),
    'the same, sharp (another filter, no border)': async () =>
      void (await sharp(frame.data, raw).extract(inside).resize(width, height, { fit: 'fill' }).raw().toBuffer()),
    'pixels to tensor': async () => packTensor(cropped, input, tensor),
    quality: async () => void measureQuality(frame, face),
  }
  const cropped = cropResize(frame, face.box, crop, width, height)
  const measurements = await measure(
    Object.entries(steps).map(([name, run]) => ({ name, run })),
    { seconds },
  )
  return measurements.map((measurement) => ({ step: measurement.name, measurement }))
}
