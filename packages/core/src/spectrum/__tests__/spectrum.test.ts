/** The FFT and what is made of it: numpy's values, and what must hold for any picture. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { floatsOf, picture, vectors } from '../../__tests__/vectors/picture.ts'
import { countDifferences } from '../../image/__tests__/compare.ts'
import { box } from '../../image/box.ts'
import { lumaOf } from '../../image/colour.ts'
import { faceSpectrum, nativeSquare, SPECTRUM_FEATURE_NAMES, spectrumFeatures, spectrumVector } from '../features.ts'
import { fft2 } from '../fft.ts'
import { frameSpectrum, logSpectrum, spectrumTarget } from '../log-spectrum.ts'
import { angularProfile, radialProfile } from '../profile.ts'

describe.each(vectors.spectra)('numpy vectors, $kind $size', ({ size, spectrum, target, radial, ...kind }) => {
  const ours = frameSpectrum(picture(kind, size, size))

  it('has the log spectrum', () => {
    expect(countDifferences(ours, floatsOf(spectrum)).worst).toBeLessThan(1e-5)
  })

  it('has the training target', () => {
    expect(countDifferences(spectrumTarget(ours, size), floatsOf(target)).worst).toBeLessThan(1e-5)
  })

  it('has the radial profile', () => {
    expect(countDifferences(radialProfile(ours, size), floatsOf(radial)).worst).toBeLessThan(1e-5)
  })
})

/** Squares of every size that is quick, with any pixels. */
const square = fc.integer({ min: 1, max: 5 }).chain((bits) => {
  const count = 4 ** bits
  return fc
    .uint8Array({ minLength: count, maxLength: count })
    .map((bytes) => ({ size: 2 ** bits, values: Float64Array.from(bytes) }))
})
const runs = { numRuns: 40 }

/** All of the spectrum, by symmetry from the half. */
function wholeSpectrum(values: Float64Array, size: number): { re: Float64Array; im: Float64Array } {
  const half = fft2(values, size)
  const columns = size / 2 + 1
  const re = new Float64Array(size * size)
  const im = new Float64Array(size * size)
  for (let v = 0; v < size; v++) {
    for (let u = 0; u < size; u++) {
      const mirrored = u > size / 2
      const i = mirrored ? ((size - v) % size) * columns + (size - u) : v * columns + u
      re[v * size + u] = half.re[i]!
      im[v * size + u] = mirrored ? -half.im[i]! : half.im[i]!
    }
  }
  return { re, im }
}

function moved(values: Float64Array, size: number, from: (x: number, y: number) => [number, number]): Float64Array {
  return values.map((_, i) => {
    const [x, y] = from(i % size, Math.floor(i / size))
    return values[(((y % size) + size) % size) * size + (((x % size) + size) % size)]!
  })
}

describe('fft2', () => {
  it('is the definition, summed term by term', () => {
    const size = 8
    const values = Float64Array.from({ length: 64 }, (_, i) => (i * 37) % 101)
    const { re, im } = wholeSpectrum(values, size)
    for (let v = 0; v < size; v++) {
      for (let u = 0; u < size; u++) {
        let real = 0
        let imaginary = 0
        for (let y = 0; y < size; y++) {
          for (let x = 0; x < size; x++) {
            const angle = (-2 * Math.PI * (u * x + v * y)) / size
            real += values[y * size + x]! * Math.cos(angle)
            imaginary += values[y * size + x]! * Math.sin(angle)
          }
        }
        expect(re[v * size + u]).toBeCloseTo(real, 8)
        expect(im[v * size + u]).toBeCloseTo(imaginary, 8)
      }
    }
  })

  it('keeps the energy (Parseval)', () => {
    fc.assert(
      fc.property(square, ({ size, values }) => {
        const { re, im } = wholeSpectrum(values, size)
        const energy = values.reduce((sum, value) => sum + value * value, 0)
        const power = re.reduce((sum, value, i) => sum + value * value + im[i]! * im[i]!, 0) / (size * size)
        expect(Math.abs(power - energy)).toBeLessThanOrEqual(1e-9 * (energy + 1))
      }),
      runs,
    )
  })

  it('keeps magnitudes when the picture is shifted around, and turns the phase by the shift', () => {
    fc.assert(
      fc.property(square, fc.nat(63), fc.nat(63), ({ size, values }, dx, dy) => {
        const before = wholeSpectrum(values, size)
        const after = wholeSpectrum(
          moved(values, size, (x, y) => [x - dx, y - dy]),
          size,
        )
        const turned = { re: new Float64Array(values.length), im: new Float64Array(values.length) }
        for (let i = 0; i < values.length; i++) {
          const angle = (-2 * Math.PI * ((i % size) * dx + Math.floor(i / size) * dy)) / size
          const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
          turned.re[i] = before.re[i]! * cos - before.im[i]! * sin
          turned.im[i] = before.re[i]! * sin + before.im[i]! * cos
        }
        expect(countDifferences(after.re, turned.re).worst).toBeLessThan(1e-6)
        expect(countDifferences(after.im, turned.im).worst).toBeLessThan(1e-6)
      }),
      runs,
    )
  })

  it('is linear', () => {
    fc.assert(
      fc.property(square, fc.double({ min: -3, max: 3, noNaN: true }), ({ size, values }, factor) => {
        const other = values.map((_, i) => values[(i * 7 + 3) % values.length]!)
        const a = fft2(values, size)
        const b = fft2(other, size)
        const sum = fft2(
          values.map((value, i) => value + factor * other[i]!),
          size,
        )
        const mixed = (x: Float64Array, y: Float64Array) => x.map((value, i) => value + factor * y[i]!)
        expect(countDifferences(sum.re, mixed(a.re, b.re)).worst).toBeLessThan(1e-6)
        expect(countDifferences(sum.im, mixed(a.im, b.im)).worst).toBeLessThan(1e-6)
      }),
      runs,
    )
  })

  it('turns with the picture', () => {
    fc.assert(
      fc.property(square, ({ size, values }) => {
        const before = wholeSpectrum(values, size)
        // The new pixel (x, y) is the old (y, -x): a quarter turn around the origin of a periodic picture.
        const after = wholeSpectrum(
          moved(values, size, (x, y) => [y, -x]),
          size,
        )
        const turned = (part: Float64Array) => moved(part, size, (u, v) => [v, -u])
        expect(countDifferences(after.re, turned(before.re)).worst).toBeLessThan(1e-6)
        expect(countDifferences(after.im, turned(before.im)).worst).toBeLessThan(1e-6)
      }),
      runs,
    )
  })

  it('overwrites what it is given', () => {
    const out = fft2(new Float64Array(64).fill(3), 8)
    const values = Float64Array.from({ length: 64 }, (_, i) => i)
    expect(fft2(values, 8, out)).toBe(out)
    expect(out.re).toEqual(fft2(values, 8).re)
  })

  it.each([0, 1, 3, 12, 1024, 2.5, Number.NaN])('refuses the size %d', (size) => {
    expect(() => fft2(new Float64Array(Math.max(0, Math.floor(size) ** 2 || 0)), size)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    )
  })

  it('refuses another number of values', () => {
    expect(() => fft2(new Float64Array(63), 8)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
  })

  it.each([256, 512])('transforms %d pixels a side', (size) => {
    const values = new Float64Array(size * size)
    values[0] = 1
    const { re, im } = fft2(values, size)
    expect(re.every((value) => Math.abs(value - 1) < 1e-12)).toBe(true)
    expect(im.every((value) => Math.abs(value) < 1e-12)).toBe(true)
  })
})

describe('profiles', () => {
  it('move by 18 directions when the picture is turned by 90 degrees, and keep the radii', () => {
    const size = 64
    const values = lumaOf(picture({ kind: 'smooth', seed: 9 }, size, size), new Float64Array(size * size))
    const before = logSpectrum(values, size)
    const after = logSpectrum(
      moved(values, size, (x, y) => [y, -x]),
      size,
    )
    const [a, b] = [angularProfile(before, size), angularProfile(after, size)]
    expect(countDifferences(a, [...b.slice(18), ...b.slice(0, 18)]).worst).toBeLessThan(1e-3)
    expect(countDifferences(radialProfile(before, size), radialProfile(after, size)).worst).toBeLessThan(1e-3)
  })
})

describe('spectrumFeatures', () => {
  /** 100 plus waves of `[cycles a pixel along x, along y, amplitude]`, plus noise. */
  function waves(size: number, list: readonly [number, number, number][]): Float64Array {
    const noise = lumaOf(picture({ kind: 'noise', seed: 4 }, size, size), new Float64Array(size * size))
    return noise.map((value, i) => {
      const [x, y] = [i % size, Math.floor(i / size)]
      return list.reduce((sum, [fx, fy, a]) => sum + a * Math.cos(2 * Math.PI * (fx * x + fy * y)), 100 + value / 32)
    })
  }

  it('finds the frequency and direction of a wave', () => {
    const { peaks, grid } = spectrumFeatures(waves(128, [[0.1875, -0.125, 12]]), 128)
    expect(peaks).toHaveLength(1)
    expect(peaks[0]).toMatchObject({ fx: 0.1875, fy: -0.125 })
    expect(peaks[0]!.period).toBeCloseTo(1 / Math.hypot(0.1875, 0.125), 6)
    expect(peaks[0]!.direction).toBeCloseTo(-33.69, 1)
    expect(peaks[0]!.prominence).toBeGreaterThan(3)
    expect(grid).toBe(0)
  })

  it('tells a grid from a wave', () => {
    const { peaks, grid } = spectrumFeatures(
      waves(128, [
        [0.25, 0, 12],
        [0, 0.25, 8],
      ]),
      128,
    )
    expect(peaks).toHaveLength(2)
    expect(grid).toBe(peaks[1]!.prominence)
  })

  it('finds no peak in noise and none in a flat picture', () => {
    expect(spectrumFeatures(waves(128, []), 128)).toMatchObject({ peaks: [], grid: 0 })
    const flat = spectrumFeatures(new Float64Array(1024).fill(90), 32)
    expect(flat).toMatchObject({ peaks: [], grid: 0, highFrequency: 0, anisotropy: 0 })
    expect([...spectrumVector(flat)].every(Number.isFinite)).toBe(true)
  })

  it('measures the share of high frequencies and the slope', () => {
    const noise = spectrumFeatures(waves(64, []), 64)
    // Half the Nyquist frequency and above: 1 - pi / 16 of the plane.
    expect(noise.highFrequency).toBeCloseTo(1 - Math.PI / 16, 1)
    expect(Math.abs(noise.slope)).toBeLessThan(0.1)
    const smooth = spectrumFeatures(waves(64, [[0.0625, 0.03125, 30]]), 64)
    expect(smooth.highFrequency).toBeLessThan(0.05)
    expect(smooth.slope).toBeLessThan(noise.slope - 0.1)
  })

  it('does not depend on brightness', () => {
    const values = waves(64, [[0.25, 0.125, 5]])
    const a = spectrumVector(spectrumFeatures(values, 64))
    const b = spectrumVector(
      spectrumFeatures(
        values.map((value) => value + 50),
        64,
      ),
    )
    expect(a).toHaveLength(SPECTRUM_FEATURE_NAMES.length)
    expect(countDifferences(a, b).worst).toBeLessThan(1e-4)
  })
})

describe('nativeSquare', () => {
  const frame = { width: 640, height: 480 }

  it('is the largest power of two within the face', () => {
    expect(nativeSquare(frame, box(200, 100, 150, 190))).toEqual({ x: 211, y: 131, width: 128, height: 128 })
    expect(nativeSquare(frame, box(0, 0, 640, 640))?.width).toBe(256)
    expect(nativeSquare({ width: 4000, height: 3000 }, box(0, 0, 2000, 2000))?.width).toBe(512)
  })

  it('stays inside the frame', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -300, max: 700, noNaN: true }),
        fc.double({ min: 32, max: 400, noNaN: true }),
        (x, side) => {
          const rect = nativeSquare(frame, box(x, x / 2, side, side))!
          expect(rect.x).toBeGreaterThanOrEqual(0)
          expect(rect.y).toBeGreaterThanOrEqual(0)
          expect(rect.x + rect.width).toBeLessThanOrEqual(frame.width)
          expect(rect.y + rect.height).toBeLessThanOrEqual(frame.height)
        },
      ),
    )
  })

  it('is undefined for a small face', () => expect(nativeSquare(frame, box(0, 0, 31, 90))).toBeUndefined())
})

describe('faceSpectrum', () => {
  it('looks at the crop and at the face in its own resolution', () => {
    const frame = picture({ kind: 'screen', seed: 3 }, 300, 200, 4)
    const { crop, native } = faceSpectrum(frame, box(60, 20, 140, 150), picture({ kind: 'smooth', seed: 1 }, 64, 64))
    expect(crop.size).toBe(64)
    expect(native?.size).toBe(128)
    // The pixel grid of 4 pixels is seen at native resolution.
    expect(native?.peaks.some(({ period }) => Math.abs(period - 4) < 0.1)).toBe(true)
  })

  it('refuses a crop that is no square of a power of two', () => {
    const frame = picture({ kind: 'screen', seed: 3 }, 80, 80)
    expect(() => faceSpectrum(frame, box(0, 0, 80, 80), frame)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    )
    expect(() => frameSpectrum(picture({ kind: 'noise', seed: 3 }, 64, 32))).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    )
  })
})
