import { box, createFrame } from '@unspoof/core'
import { syntheticFrame } from '@unspoof/core/testing'
import { describe, expect, it } from 'vitest'
import { PERTURBATION_FAMILIES, perturbationNames, perturbationOf } from '../evaluate/perturb.ts'

const frame = syntheticFrame('noise', 60, 40)

function meanOf(data: ArrayLike<number>): number {
  return Array.from(data).reduce((a, b) => a + b, 0) / data.length
}

describe.each(perturbationNames(['all']))('%s', (name) => {
  const { picture, face } = perturbationOf(name)

  it('changes the picture or the box, and leaves its input alone', async () => {
    const before = frame.data.slice()
    expect(picture !== undefined || face !== undefined).toBe(true)
    if (picture !== undefined) {
      const changed = await picture(frame, 64)
      expect(frame.data).toEqual(before)
      expect(changed.data.length === frame.data.length && changed.data.every((v, i) => v === frame.data[i])).toBe(false)
      // The same again: runs can be compared.
      expect((await picture(frame, 64)).data).toEqual(changed.data)
    }
    if (face !== undefined) expect(face(box(10, 10, 20, 20))).not.toEqual(box(10, 10, 20, 20))
  })
})

it('means what it says', async () => {
  const grey = createFrame({ data: new Uint8Array(30 * 30 * 3).fill(128), width: 30, height: 30 })
  expect(meanOf((await perturbationOf('gamma+2').picture!(grey, 30)).data)).toBe(64)
  expect(meanOf((await perturbationOf('gamma+0.5').picture!(grey, 30)).data)).toBe(181)
  const noisy = (await perturbationOf('noise+10').picture!(grey, 30)).data
  const deviation = Math.sqrt(meanOf(Array.from(noisy, (v) => (v - 128) ** 2)))
  expect(deviation).toBeGreaterThan(9)
  expect(deviation).toBeLessThan(11)
  expect(await perturbationOf('resize+0.5').picture!(grey, 30)).toMatchObject({ width: 15, height: 15 })
  expect(perturbationOf('scale+1.25').face!(box(10, 10, 40, 40))).toEqual(box(5, 5, 50, 50))
  expect(perturbationOf('shift-0.1').face!(box(10, 10, 40, 40))).toEqual(box(6, 6, 40, 40))
})

it('is refused where nobody knows it', () => {
  expect(perturbationNames(PERTURBATION_FAMILIES)).toEqual(perturbationNames(['all']))
  expect(() => perturbationNames(['fog'])).toThrow(/Unknown perturbation "fog"/)
  expect(() => perturbationOf('fog+1')).toThrow(/Unknown perturbation/)
})
