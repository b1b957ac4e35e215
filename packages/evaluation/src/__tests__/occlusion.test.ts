import { box, createFrame, type Frame, type PadModel } from '@unspoof/core'
import { examplePadCard } from '@unspoof/core/testing'
import { expect, it } from 'vitest'
import { occlusionMap } from '../occlusion.ts'

/** A "model" whose margin is the brightness of one corner of the face, so that the map must light up there and nowhere else. */
function cornerModel(): Pick<PadModel, 'card' | 'score'> {
  return {
    card: { ...examplePadCard(), files: [] },
    async score(frame: Frame, boxes) {
      const margins = boxes.map(({ x, y }) => {
        let sum = 0
        for (let dy = 0; dy < 10; dy++) {
          for (let dx = 0; dx < 10; dx++) sum += frame.data[((y + dy) * frame.width + x + dx) * 3]! / 100
        }
        return sum / 255
      })
      return { margins, timings: { crop: 0, model: 0 } }
    },
  }
}

it('finds what the model looks at, and leaves the picture as it was', async () => {
  const data = new Uint8Array(120 * 100 * 3)
  for (let y = 30; y < 40; y++) for (let x = 40; x < 50; x++) data.fill(255, (y * 120 + x) * 3, (y * 120 + x) * 3 + 3)
  const frame = createFrame({ data, width: 120, height: 100 })
  const before = frame.data.slice()
  const map = await occlusionMap(cornerModel(), frame, box(40, 30, 40, 40), { cells: 6 })
  expect(frame.data).toEqual(before)
  expect(map.margin).toBeCloseTo(1, 6)
  expect(map.region.x).toBeGreaterThanOrEqual(0)
  expect(map.region.x + map.region.width).toBeLessThanOrEqual(120)
  expect(map.region.y + map.region.height).toBeLessThanOrEqual(100)
  const top = map.values.indexOf(Math.max(...map.values))
  const cellWidth = map.region.width / map.columns
  const cellHeight = map.region.height / map.rows
  const centreX = map.region.x + ((top % map.columns) + 0.5) * cellWidth
  const centreY = map.region.y + (Math.floor(top / map.columns) + 0.5) * cellHeight
  expect(Math.abs(centreX - 45)).toBeLessThan(1.5 * cellWidth)
  expect(Math.abs(centreY - 35)).toBeLessThan(1.5 * cellHeight)
  expect(map.values.filter((value) => value < 0.05).length).toBeGreaterThan(map.values.length / 2)
})

it('refuses a map without cells', async () => {
  const frame = createFrame({ data: new Uint8Array(64 * 64 * 3), width: 64, height: 64 })
  await expect(occlusionMap(cornerModel(), frame, box(8, 8, 40, 40), { cells: 1 })).rejects.toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
})
