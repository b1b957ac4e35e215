/**
 * Times of the pixel work of one check: crops, tensor packing, detector input and spectrum. Medians, one thread.
 *
 *     npm run build && node benchmarks/image.mjs [--runs 300]
 *
 * A 640 x 480 frame of noise stands for a camera's: none of this depends on what is in the picture.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import {
  box,
  createFrame,
  cropResize,
  fft2,
  frameSpectrum,
  packTensor,
  spectrumFeatures,
  spectrumTarget,
} from '@unspoof/core'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '300' } } })
const runs = Number(values.runs)

const SQUARE = { scale: 1.5, square: true, border: 'reflect101', down: 'area', up: 'lanczos4' }
const CLAMPED = { scale: 2.7, square: false, border: 'clamp', down: 'linear', up: 'linear' }
const RGB = { layout: 'nchw', colour: 'rgb', scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] }

console.log(`${cpus()[0]?.model.trim()}, Node ${process.versions.node}, medians of ${runs} runs in milliseconds`)

const face = box(220, 120, 160, 200)
const pixels = new Uint8ClampedArray(128 * 128 * 3)
const tensor = new Float32Array(pixels.length)
for (const channels of [3, 4]) {
  const frame = noise(640, 480, channels)
  const kind = channels === 3 ? 'RGB' : 'RGBA'
  time(`${kind} 640x480, 200-pixel face, area to 128`, () => cropResize(frame, face, SQUARE, 128, 128, pixels))
  time(`${kind} 640x480, 60-pixel face, Lanczos to 128`, () =>
    cropResize(frame, box(300, 200, 48, 60), SQUARE, 128, 128, pixels),
  )
  time(`${kind} 640x480, 2.7 x clamped, bilinear to 80`, () => cropResize(frame, face, CLAMPED, 80, 80))
}
const large = noise(4000, 3000, 3)
time('RGB 4000x3000, 1500-pixel face, area to 128', () =>
  cropResize(large, box(1200, 800, 1200, 1500), SQUARE, 128, 128, pixels),
)
const crop = cropResize(noise(640, 480, 3), face, SQUARE, 128, 128)
time('pack 128x128 into a tensor', () => packTensor(crop, RGB, tensor))
for (const size of [64, 128, 256, 512]) {
  const luma = Float64Array.from({ length: size * size }, (_, i) => (i * 7919) % 251)
  const out = fft2(luma, size)
  time(`FFT of ${size}x${size}`, () => fft2(luma, size, out))
  if (size === 128) time('features of 128x128', () => spectrumFeatures(luma, size))
}
time('log spectrum of a 128x128 crop', () => frameSpectrum(crop))
const spectrum = frameSpectrum(crop)
time('training target of a 128x128 spectrum', () => spectrumTarget(spectrum, 128))

function time(name, run) {
  for (let i = 0; i < runs / 5; i++) run()
  const times = Array.from({ length: runs }, () => {
    const began = performance.now()
    run()
    return performance.now() - began
  }).sort((a, b) => a - b)
  console.log(`${name.padEnd(48)} ${times[runs >> 1].toFixed(3)}`)
}

function noise(width, height, channels) {
  const data = new Uint8Array(width * height * channels)
  let state = 1
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    data[i] = state >>> 24
  }
  return createFrame({ data, width, height, channels })
}
