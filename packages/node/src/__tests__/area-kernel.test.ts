/** The area mean in WebAssembly gives the bytes of the core's own, and is what its source says. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type AreaKernel, box, createFrame, cropResize, resize, seededRandom, setAreaKernel } from '@unspoof/core'
import { afterEach, expect, it } from 'vitest'
import { createAreaKernel } from '../image/area-kernel.ts'

const random = seededRandom(20261127)
const from = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))

afterEach(() => setAreaKernel(undefined))

/** A kernel that says how many crops it summed. */
function counted(kernel: AreaKernel) {
  const count = { summed: 0, left: 0 }
  setAreaKernel((plan) => {
    const sum = kernel(plan)
    if (sum === undefined) count.left++
    else count.summed++
    return sum
  })
  return count
}

function noise(width: number, height: number, channels: 3 | 4) {
  // Also pictures of few values, whose means lie on rounding boundaries more often.
  const step = [1, 51, 85, 255][from(0, 3)]!
  const data = Uint8Array.from({ length: width * height * channels }, () => Math.floor((random() * 256) / step) * step)
  return createFrame({ data, width, height, channels })
}

it('sums random crops to the same bytes, whatever the border, the channels and the factors', () => {
  const kernel = createAreaKernel()
  let summed = 0
  for (let i = 0; i < 150; i++) {
    const frame = noise(from(60, 200), from(60, 200), i % 2 === 0 ? 3 : 4)
    const [faceWidth, faceHeight] = [from(20, 200), from(20, 200)]
    // Its middle lies in the frame, the rest of it may not.
    const face = box(
      from(0, frame.width - 1) - faceWidth / 2,
      from(0, frame.height - 1) - faceHeight / 2,
      faceWidth,
      faceHeight,
    )
    const border = (['reflect101', 'constant', 'replicate', 'clamp'] as const)[from(0, 3)]!
    const crop = { scale: 1 + random(), square: random() < 0.5, border, down: 'area', up: 'linear' } as const
    const [width, height] = [from(1, 50), from(1, 50)]
    const cut = () => Buffer.from(cropResize(frame, face, crop, width, height).data)
    const expected = cut()
    const counts = counted(kernel)
    expect(cut().equals(expected)).toBe(true)
    setAreaKernel(undefined)
    summed += counts.summed
  }
  expect(summed).toBeGreaterThan(75)
})

it('leaves crops to the core that would take megabytes', () => {
  const frame = createFrame({ data: new Uint8Array(8000 * 1100 * 3).fill(7), width: 8000, height: 1100, channels: 3 })
  const counts = counted(createAreaKernel())
  expect(resize(frame, 3, 3, 'area').data).toEqual(new Uint8ClampedArray(27).fill(7))
  expect(counts).toEqual({ summed: 0, left: 1 })
})

it('is compiled from its source', () => {
  const compiler = fileURLToPath(new URL('../../assembly/compile.mjs', import.meta.url))
  const compiled = execFileSync(process.execPath, [compiler, '--print'], { encoding: 'utf8' })
  expect(readFileSync(new URL('../image/area-wasm.ts', import.meta.url), 'utf8')).toBe(compiled)
})
