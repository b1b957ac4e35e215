/** JPEG tables at their bounds, and what is concluded from tracks, times and noise. */
import { describe, expect, it } from 'vitest'
import { jpegTables } from '../injection/jpeg-tables.ts'
import {
  INJECTION_SIGNALS,
  type InjectionInput,
  type InjectionSignalId,
  injectionReport,
} from '../injection/signals.ts'

describe('the tables of a JPEG', () => {
  const segment = (marker: number, ...content: number[]) => {
    const length = content.length + 2
    return [0xff, marker, length >> 8, length & 255, ...content]
  }
  const table = (id: number, value: number, size = 64) => [id, ...Array.from({ length: size }, () => value)]
  const tablesOf = (...segments: number[][]) => jpegTables(Uint8Array.from([0xff, 0xd8, ...segments.flat()]))
  const LUMA = segment(0xdb, ...table(0, 10))
  /** Of 64 times 10: 17.35 % of the standard table. */
  const QUALITY = 91

  it('are one or several to a segment; the first of luma tells the quality', () => {
    expect(tablesOf(LUMA)).toEqual({ quality: QUALITY, fingerprint: `0:${Array.from({ length: 64 }, () => 10)};` })
    const both = tablesOf(segment(0xdb, ...table(1, 50), ...table(0, 10)))!
    expect(both.quality).toBe(QUALITY)
    expect(both.fingerprint).toMatch(/^1:(50,){63}50;0:(10,){63}10;$/)
    expect(tablesOf(LUMA, segment(0xdb, ...table(0, 90)))!.quality).toBe(QUALITY)
    expect(tablesOf(segment(0xdb, ...table(1, 10)))).toBeUndefined()
  })

  it('of 16 bits are passed over', () => {
    expect(tablesOf(segment(0xdb, ...table(0x10, 1, 128)))).toBeUndefined()
    expect(tablesOf(segment(0xdb, ...table(0x10, 1, 128), ...table(0, 10)))!.quality).toBe(QUALITY)
  })

  it('stand before the picture, between whatever else is there', () => {
    const app = segment(0xe1, ...Array.from({ length: 300 }, () => 0xdb))
    expect(tablesOf(app, segment(0xe0), LUMA, segment(0xc0, 1))!.quality).toBe(QUALITY)
    expect(tablesOf(segment(0xda), LUMA)).toBeUndefined()
    expect(tablesOf(LUMA, segment(0xda))!.quality).toBe(QUALITY)
    expect(tablesOf([0, 0], LUMA)).toBeUndefined()
    expect(tablesOf([0, ...LUMA.slice(1)])).toBeUndefined()
    expect(tablesOf([])).toBeUndefined()
  })

  it('are not read outside their segment or the bytes', () => {
    expect(tablesOf([0xff, 0xe0, 0, 1], LUMA)).toBeUndefined()
    expect(tablesOf([0xff, 0xe0, 0, 0], LUMA)).toBeUndefined()
    expect(tablesOf(LUMA.slice(0, -1))).toBeUndefined()
    expect(tablesOf(segment(0xdb, ...table(0, 10).slice(0, -1)), LUMA)).toBeUndefined()
    expect(tablesOf(segment(0xdb, ...table(0x10, 1, 127)), LUMA)).toBeUndefined()
  })

  it.each([
    [0, 100],
    [1, 99],
    [28, 76],
    [57, 51],
    [58, 50],
    [115, 25],
    [255, 11],
  ])('of %d everywhere are those of quality %d', (value, quality) => {
    expect(tablesOf(segment(0xdb, ...table(0, value)))!.quality).toBe(quality)
  })

  it.each([
    [36, 100],
    [332, 95],
    [3966, 46],
  ])('whose sum is %d, where the next number would be another quality, are those of %d', (sum, quality) => {
    const values = Array.from({ length: 64 }, (_, i) => Math.floor(sum / 64) + (i < sum % 64 ? 1 : 0))
    expect(tablesOf(segment(0xdb, 0, ...values))!.quality).toBe(quality)
  })

  it('make the signal of a prepared picture', () => {
    const image = (value: number) => Uint8Array.from([0xff, 0xd8, ...segment(0xdb, ...table(0, value))])
    const none = Uint8Array.of(0xff, 0xd8)
    const signal = (images: Uint8Array[], quality: number) => signalOf('re-encoding', { images, quality })
    expect(signal([image(10), image(10)], 91)).toEqual([false, 0])
    expect(signal([image(10)], 76)).toEqual([false, 15])
    expect(signal([image(10)], 75)).toEqual([true, 16])
    expect(signal([image(28)], 91)).toEqual([false, 15])
    expect(signal([image(28)], 92)).toEqual([true, 16])
    expect(signal([image(10), image(11)], 91)).toEqual([true, 1])
    expect(signal([image(10), none], 91)).toEqual([true, 0])
    expect(signal([none], 91)).toEqual([true, null])
  })
})

const QUIET: InjectionInput = {
  track: undefined,
  steps: [],
  images: [],
  width: 640,
  height: 480,
  grids: [],
  quality: 92,
}

/** Whether the signal is suspicious, and what it measured. */
function signalOf(id: InjectionSignalId, change: Partial<InjectionInput>): [boolean, number | null] {
  const { suspicious, value } = injectionReport({ ...QUIET, ...change }).signals.find((signal) => signal.id === id)!
  return [suspicious, value]
}

describe('the signal', () => {
  it('of the name knows whole words', () => {
    const of = (label: string | undefined) =>
      signalOf('virtual-camera', { track: label === undefined ? {} : { label } })
    expect(of('OBS')).toEqual([true, 1])
    expect(of('Bobs camera')).toEqual([false, 0])
    expect(of('')).toEqual([false, null])
    expect(of(undefined)).toEqual([false, null])
    expect(signalOf('virtual-camera', {})).toEqual([false, null])
  })

  it('of the settings allows 2 % more pixels and 5 % of another shape', () => {
    const of = (width: number, height: number, track: InjectionInput['track']) =>
      signalOf('track-settings', { width, height, track })
    expect(of(1020, 765, { width: 1000, height: 750 })).toEqual([false, 1.02])
    expect(of(1021, 766, { width: 1000, height: 750 })).toEqual([true, 1.021])
    expect(of(765, 1020, { width: 1000, height: 750 })).toEqual([false, 1.02])
    expect(of(400, 400, { width: 1000, height: 952 })).toEqual([false, 0.4])
    expect(of(400, 400, { width: 1000, height: 951 })).toEqual([true, 0.4])
    expect(of(1000, 952, { width: 2000, height: 2000 })).toEqual([false, 0.5])
    expect(of(1000, 951, { width: 2000, height: 2000 })).toEqual([true, 0.5])
    expect(of(640, 480, { width: 640, height: 480, frameRate: 0 })).toEqual([true, 1])
    expect(of(640, 480, { width: 640, height: 480, frameRate: 1 })).toEqual([false, 1])
    expect(of(640, 480, { width: 640 })).toEqual([false, null])
    expect(of(640, 480, { height: 480 })).toEqual([false, null])
  })

  it('of the times asks for half a millisecond of jitter, from four frames on', () => {
    const of = (...steps: number[]) => signalOf('frame-times', { steps: [steps] })
    expect(of(0, 250, 501, 751, 1002)).toEqual([false, 0.5])
    expect(of(0, 250, 500, 750, 1001)).toEqual([true, expect.closeTo(Math.sqrt(3) / 4, 9)])
    expect(of(5, 15, 35, 65)).toEqual([false, expect.closeTo(Math.sqrt(200 / 3), 9)])
    expect(of(0, 250, 500)).toEqual([false, null])
  })

  it('of the noise is the greatest likeness of two changes, from three frames on', () => {
    /** Frames whose changes are these. */
    const of = (...changes: (readonly [number, number])[]) => {
      const grids = [Float64Array.of(100, 100)]
      for (const [x, y] of changes) grids.push(Float64Array.of(grids.at(-1)![0]! + x, grids.at(-1)![1]! + y))
      return signalOf('sensor-noise', { grids })
    }
    expect(of([1, 0], [1, 1])).toEqual([false, expect.closeTo(Math.SQRT1_2, 9)])
    expect(of([1, 0], [1, 0.21])).toEqual([false, expect.closeTo(1 / Math.hypot(1, 0.21), 9)])
    expect(of([1, 0], [1, 0.2])).toEqual([true, expect.closeTo(1 / Math.hypot(1, 0.2), 9)])
    expect(of([1, 0], [-1, 0])).toEqual([false, -1])
    expect(of([1, 0], [0, 1], [0, 2])).toEqual([true, 1])
    expect(of([2, 0], [2, 0], [0, 1])).toEqual([true, 1])
    expect(of([0, 0], [0, 1])).toEqual([true, 1])
    expect(of([1, 0])).toEqual([false, null])
  })

  it('weighs what it is documented to weigh', () => {
    expect(INJECTION_SIGNALS).toEqual({
      'virtual-camera': 0.4,
      'track-settings': 0.15,
      'frame-times': 0.15,
      'sensor-noise': 0.2,
      're-encoding': 0.1,
    })
    const still = [0, 0, 0].map(() => Float64Array.of(1, 2))
    expect(injectionReport({ ...QUIET, grids: still }).suspicion).toBe(0.3)
    const track = { label: 'OBS', width: 640, height: 480, frameRate: 0 }
    expect(injectionReport({ ...QUIET, track }).suspicion).toBe(0.65)
    expect(injectionReport({ ...QUIET, track, grids: still, steps: [[0, 1, 2, 3]] }).suspicion).toBe(1)
  })
})
