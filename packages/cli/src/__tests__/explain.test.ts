import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { beforeAll, expect, it } from 'vitest'
import { DEFAULT_CARD, DEFAULT_ID, FACE, temporaryFolder, unspoof } from './run.ts'

let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
})

it('shows what the model saw, as pictures and one page, and calls it explanation', async () => {
  const output = path.join(folder, 'explained')
  const { code, stdout, stderr } = await unspoof(['explain', FACE, '--output', output, '--cells', '4'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^live, live probability 0\.\d{4}; wrote /)
  const files = await readdir(output)
  const images = DEFAULT_CARD.inputs.map(({ name }) => `${DEFAULT_ID}-${name}.png`)
  expect(files).toEqual(
    expect.arrayContaining([
      'explanation.html',
      'explanation.json',
      'picture.png',
      `${DEFAULT_ID}-native-spectrum.png`,
      `${DEFAULT_ID}-occlusion.png`,
      ...images,
    ]),
  )
  // The crop as the card wants it, not a picture of it.
  for (const [i, { width, height }] of DEFAULT_CARD.inputs.entries()) {
    expect(await sharp(path.join(output, images[i]!)).metadata()).toMatchObject({ width, height })
  }
  const page = await readFile(path.join(output, 'explanation.html'), 'utf8')
  expect(page).toContain('takes no part in the verdict')
  expect(page).not.toMatch(/<script|src="(?!data:)/)
  expect(/>\S*\de-\d/.test(page)).toBe(false) // a remainder of the arithmetic is shown as 0
  const record = JSON.parse(await readFile(path.join(output, 'explanation.json'), 'utf8'))
  expect(record.models[0].crops).toHaveLength(5)
  const { columns, rows, values } = record.models[0].occlusion
  expect(values).toHaveLength(columns * rows)
  expect(values.some((value: number) => Math.abs(value) > 0.01)).toBe(true)
  // The radial profile reaches from frequency 0 to Nyquist: half a side and one.
  expect(record.models[0].profiles.at(-1).values.length % 16).toBe(1)
})

it('says so where there is no face', async () => {
  const black = path.join(folder, 'black.jpg')
  await sharp({ create: { width: 200, height: 200, channels: 3, background: '#000' } })
    .jpeg()
    .toFile(black)
  const { code, stdout, stderr } = await unspoof(['explain', black])
  expect(code).toBe(3)
  expect(stdout).toMatch(/^retry; wrote .*black\.jpg\.explained/)
  expect(stderr).toContain('no-face')
  expect((await unspoof(['explain', path.join(folder, 'gone.jpg')])).stderr).toMatch(/Cannot read .*gone\.jpg/)
})
