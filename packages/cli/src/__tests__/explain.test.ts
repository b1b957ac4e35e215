import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { beforeAll, expect, it } from 'vitest'
import { FACE, temporaryFolder, unspoof } from './run.ts'

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
  expect(files.sort()).toEqual([
    'explanation.html',
    'explanation.json',
    'picture.png',
    'unspoof-baseline-context.png',
    'unspoof-baseline-face-spectrum.png',
    'unspoof-baseline-face.png',
    'unspoof-baseline-native-spectrum.png',
    'unspoof-baseline-occlusion.png',
  ])
  expect(await sharp(path.join(output, 'unspoof-baseline-face.png')).metadata()).toMatchObject({
    width: 128,
    height: 128,
  })
  expect(await sharp(path.join(output, 'unspoof-baseline-context.png')).metadata()).toMatchObject({
    width: 80,
    height: 80,
  })
  const page = await readFile(path.join(output, 'explanation.html'), 'utf8')
  expect(page).toContain('takes no part in the verdict')
  expect(page).not.toMatch(/<script|src="(?!data:)/)
  const record = JSON.parse(await readFile(path.join(output, 'explanation.json'), 'utf8'))
  expect(record.models[0].crops).toHaveLength(5)
  const { columns, rows, values } = record.models[0].occlusion
  expect(values).toHaveLength(columns * rows)
  expect(values.some((value: number) => Math.abs(value) > 0.01)).toBe(true)
  // The radial profile reaches from frequency 0 to Nyquist.
  expect(record.models[0].profiles[0].values).toHaveLength(65)
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
