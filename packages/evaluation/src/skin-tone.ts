/** Individual typology angle (ITA): a rough proxy of skin tone, for subgroup rows only. */
import type { Box, Frame } from '@unspoof/core'

/** Groups by ITA in degrees (Chardon 1991, Del Bino 2013), lightest first. */
export const SKIN_TONES = [
  { name: 'very light', from: 55 },
  { name: 'light', from: 41 },
  { name: 'intermediate', from: 28 },
  { name: 'tan', from: 10 },
  { name: 'brown', from: -30 },
  { name: 'dark', from: Number.NEGATIVE_INFINITY },
] as const

export type SkinTone = (typeof SKIN_TONES)[number]['name']

/**
 * ITA of a face in degrees, -90..90, from the median L* and b* of both cheeks (CIE Lab, D65). Light and camera move it as
 * much as skin does: it tells groups of pictures apart, not people. `null` where the cheeks lie outside the frame.
 */
export function skinToneAngle(frame: Frame, box: Box): number | null {
  const lightness: number[] = []
  const blueYellow: number[] = []
  // Cheeks of an upright frontal face, as shares of its box; the middle is left to the nose.
  for (const left of [0.2, 0.62]) {
    sampleLab(frame, box, left, 0.5, 0.18, 0.2, (l, b) => {
      lightness.push(l)
      blueYellow.push(b)
    })
  }
  if (lightness.length < 16) return null
  const b = median(blueYellow)
  // Del Bino's angle takes b* for positive, which skin is; a blue cast would flip its sign.
  return (Math.atan2(median(lightness) - 50, Math.max(b, 1e-6)) * 180) / Math.PI
}

export function skinToneOf(angle: number): SkinTone {
  return SKIN_TONES.find(({ from }) => angle > from)!.name
}

function sampleLab(
  frame: Frame,
  box: Box,
  left: number,
  top: number,
  width: number,
  height: number,
  visit: (l: number, b: number) => void,
): void {
  const steps = 12
  for (let row = 0; row < steps; row++) {
    const y = Math.round(box.y + box.height * (top + (height * row) / steps))
    for (let column = 0; column < steps; column++) {
      const x = Math.round(box.x + box.width * (left + (width * column) / steps))
      if (x < 0 || y < 0 || x >= frame.width || y >= frame.height) continue
      const at = (y * frame.width + x) * frame.channels
      const [l, b] = toLab(frame.data[at]!, frame.data[at + 1]!, frame.data[at + 2]!)
      visit(l, b)
    }
  }
}

function toLab(red: number, green: number, blue: number): [l: number, b: number] {
  const r = linear(red)
  const g = linear(green)
  const b = linear(blue)
  const y = cube(0.2126 * r + 0.7152 * g + 0.0722 * b)
  const z = cube((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
  return [116 * y - 16, 200 * (y - z)]
}

function linear(value: number): number {
  const v = value / 255
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
}

function cube(t: number): number {
  return t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[values.length >> 1]!
}
