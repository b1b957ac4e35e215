import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseCalibration } from '@unspoof/core'
import { createLiveness, createLivenessPool } from '@unspoof/node'
import { makePictures } from '@unspoof/test-utils/camera-clip'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FACE, unspoof } from './run.ts'

let folder: string
let captures: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'unspoof-calibrate-'))
  captures = path.join(folder, 'captures')
  await mkdir(captures)
  const images = await makePictures(40)
  await Promise.all(images.map((bytes, i) => writeFile(path.join(captures, `${i}.jpg`), bytes)))
}, 180_000)
afterAll(() => rm(folder, { recursive: true }))

describe('unspoof calibrate', () => {
  test('writes a threshold that check, createLiveness and the pool take', { timeout: 120_000 }, async () => {
    const output = path.join(folder, 'site.json')
    const { code, stdout, stderr } = await unspoof(['calibrate', captures, '--output', output])
    expect(stderr).not.toContain('unspoof:')
    expect([code, stdout]).toEqual([0, expect.stringContaining('balanced: ')])
    const calibration = await parseCalibration(JSON.parse(await readFile(output, 'utf8')))
    expect(calibration.captures).toBeGreaterThanOrEqual(20)

    const checked = await unspoof(['check', FACE, '--json', '--calibration', output])
    expect(JSON.parse(checked.stdout).operatingPoint).toMatchObject({
      name: 'balanced',
      threshold: calibration.threshold,
    })
    for (const create of [createLiveness, createLivenessPool]) {
      await using liveness = await create({ calibration: output })
      expect((await liveness.check(FACE)).operatingPoint.threshold).toBe(calibration.threshold)
      const lenient = await liveness.check(FACE, { operatingPoint: 'lenient' })
      expect(lenient.operatingPoint.threshold).toBeLessThanOrEqual(calibration.threshold)
    }
  })

  test('refuses captures that are too few or nearly equal', async () => {
    const few = await unspoof(['calibrate', FACE, '--output', path.join(folder, 'few.json')])
    expect([few.code, few.stderr]).toEqual([2, expect.stringContaining('DATA_TOO_FEW')])
    const bytes = await readFile(FACE)
    const same = path.join(folder, 'same')
    await mkdir(same)
    for (let i = 0; i < 25; i++) await writeFile(path.join(same, `${i}.jpg`), bytes)
    const copies = await unspoof(['calibrate', same, '--output', path.join(folder, 'same.json')])
    expect([copies.code, copies.stderr]).toEqual([2, expect.stringContaining('nearly equal')])
  })

  test('finds out before the work that it cannot write', async () => {
    const { code, stderr } = await unspoof(['calibrate', captures, '--output', path.join(folder, 'missing', 'x.json')])
    expect([code, stderr]).toEqual([2, expect.stringContaining('Cannot write to the folder')])
  })

  test('a changed file is refused', async () => {
    const changed = path.join(folder, 'changed.json')
    const text = await readFile(path.join(folder, 'site.json'), 'utf8')
    await writeFile(changed, text.replace(/"captures": \d+/, '"captures": 999'))
    await expect(createLiveness({ calibration: changed })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(createLiveness({ calibration: path.join(folder, 'none.json') })).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
    })
  })
})
