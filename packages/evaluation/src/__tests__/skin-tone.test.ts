import { readFileSync } from 'node:fs'
import { box, createFrame } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { skinToneAngle, skinToneOf } from '../skin-tone.ts'

const expected = JSON.parse(readFileSync(new URL('./expected.json', import.meta.url), 'utf8'))

function plain(r: number, g: number, b: number) {
  const data = new Uint8Array(100 * 100 * 3)
  for (let i = 0; i < data.length; i += 3) data.set([r, g, b], i)
  return createFrame({ data, width: 100, height: 100 })
}
const face = box(10, 10, 80, 80)

describe('skinToneAngle', () => {
  const rows = expected.skinTone as { rgb: [number, number, number]; angle: number }[]
  it.each(rows)('of a plain face $rgb is what numpy says', ({ rgb, angle }) => {
    expect(Math.abs(skinToneAngle(plain(...rgb), face)! - angle)).toBeLessThan(0.2)
  })

  it('names the groups', () => {
    expect([60, 50, 35, 20, 0, -50].map(skinToneOf)).toEqual([
      'very light',
      'light',
      'intermediate',
      'tan',
      'brown',
      'dark',
    ])
  })

  it('is null where the cheeks lie outside the frame', () => {
    expect(skinToneAngle(plain(200, 150, 120), box(-500, 0, 80, 80))).toBeNull()
  })
})
