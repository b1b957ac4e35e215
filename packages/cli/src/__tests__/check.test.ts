import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { EXIT, exitCodeOf } from '../exit-codes.ts'
import { copyDefaultModel, DEFAULT_CARD, FACE, temporaryFolder, unspoof } from './run.ts'

const ffmpeg = spawnSync('ffmpeg', ['-version']).status === 0
let folder: string

/** Above every probability: whoever is judged is a spoof. */
const NOBODY = ['--operating-point', '0.9999']

beforeAll(async () => {
  folder = await temporaryFolder()
  await copyFile(FACE, path.join(folder, 'face.jpg'))
  await sharp({ create: { width: 300, height: 300, channels: 3, background: '#000' } })
    .jpeg()
    .toFile(path.join(folder, 'black.jpg'))
  await writeFile(path.join(folder, 'text.jpg'), 'not a picture')
  await writeFile(path.join(folder, 'empty.png'), '')
  await writeFile(path.join(folder, 'cut.jpg'), (await readFile(FACE)).subarray(0, 9000))
})

const file = (name: string) => path.join(folder, name)

describe('exit status', () => {
  it('is 0 for a live face', async () => {
    const { code, stdout, stderr } = await unspoof(['check', FACE])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^live {3}.*astronaut\.jpg\n {7}live probability 0\.\d{4}, threshold 0\.\d+ \(balanced\)\n/)
    expect(stdout).toMatch(/decode [\d.]+, detect [\d.]+, quality [\d.]+, crop [\d.]+, model [\d.]+/)
  })

  it('is 1 for a spoof, and says what to do', async () => {
    const { code, stdout } = await unspoof(['check', FACE, ...NOBODY])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^spoof .*\n[\s\S]*attack-suspected: Show your own face/)
  })

  it('is 3 for retries only', async () => {
    const { code, stdout } = await unspoof(['check', file('black.jpg')])
    expect(code).toBe(3)
    expect(stdout).toMatch(/^retry .*\n {7}no-face: Bring your face/)
  })

  it('is 3 for a retry beside a live face, 1 beside a spoof', async () => {
    expect((await unspoof(['check', FACE, file('black.jpg')])).code).toBe(3)
    expect((await unspoof(['check', FACE, file('black.jpg'), ...NOBODY])).code).toBe(1)
  })

  it.each([
    ['text.jpg', 'IMAGE_TYPE'],
    ['empty.png', 'IMAGE_'],
    ['cut.jpg', 'IMAGE_CORRUPT'],
  ])('is 2 for %s, and the others are judged all the same', async (name, code) => {
    const ran = await unspoof(['check', file(name), FACE])
    expect(ran.code).toBe(2)
    expect(ran.stdout).toMatch(new RegExp(`^error  .*${name}\\n[\\s\\S]*${code}[\\s\\S]*live`))
    expect(ran.stderr).toBe('')
  })

  it('has one order: error, spoof, retry, live; nothing judged is an error', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('live', 'spoof', 'retry', 'not-checked', 'error')), (verdicts) => {
        const expected =
          verdicts.length === 0 || verdicts.includes('error')
            ? EXIT.ERROR
            : verdicts.includes('spoof')
              ? EXIT.SPOOF
              : verdicts.every((verdict) => verdict === 'live')
                ? EXIT.OK
                : EXIT.RETRY
        expect(exitCodeOf(verdicts)).toBe(expected)
      }),
    )
  })
})

describe('inputs', () => {
  it.skipIf(process.platform === 'win32')('cannot steer the terminal by their names', async () => {
    const name = file('a\u001b[2Jb.jpg')
    await copyFile(FACE, name)
    const { stdout } = await unspoof(['check', name])
    expect(stdout).toContain('a?[2Jb.jpg')
    expect(stdout).not.toContain('\u001b')
  })

  it('come from standard input', async () => {
    const { code, stdout } = await unspoof(['check', '-', '--json'], { input: await readFile(FACE) })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ input: '-', verdict: 'live', error: null })
  })

  it('come from folders and globs, in the order of their names, each once, one line of JSON each', async () => {
    const many = path.join(folder, 'many')
    await mkdir(path.join(many, 'deep'), { recursive: true })
    const names = ['a1.jpg', 'a2.jpg', 'a10.JPG', 'c.jpeg', 'd.jpg', 'deep/b.jpg', 'e.jpg']
    for (const name of names) await copyFile(FACE, path.join(many, name))
    await writeFile(path.join(many, 'notes.txt'), 'not a picture')
    const { code, stdout, stderr } = await unspoof(['check', many, path.join(many, '*.jpg'), '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ input }) => path.relative(many, input))).toEqual(names)
    // The same bytes give the same number, whichever worker judged them.
    expect(new Set(lines.map(({ liveProbability }) => liveProbability)).size).toBe(1)
    expect(lines[0]).toMatchObject({ verdict: 'live', code: 'LIVE', reasons: [], image: { width: 400, height: 400 } })
  })

  it('are refused where a folder holds no picture', async () => {
    const none = path.join(folder, 'none')
    await mkdir(none)
    const { code, stderr } = await unspoof(['check', none])
    expect(code).toBe(2)
    expect(stderr).toContain('No JPEG, PNG or WebP file in folder')
  })
})

it('takes another card, and refuses one whose weights are not there', async () => {
  const card = await copyDefaultModel(path.join(folder, 'card'))
  expect((await unspoof(['check', FACE, '--model', card])).code).toBe(0)
  const weights = path.join(card, DEFAULT_CARD.files[0]!.name)
  const bytes = await readFile(weights)
  bytes[5000]! ^= 1
  await writeFile(weights, bytes)
  expect((await unspoof(['check', FACE, '--model', card])).stderr).toContain('(MODEL_HASH)')
  await rm(weights)
  const missing = await unspoof(['check', FACE, '--model', card])
  expect(missing.code).toBe(2)
  expect(missing.stderr).toContain('(MODEL_MISSING)')
  expect(missing.stdout).toBe('')
  const never = await unspoof(['check', FACE, '--model', 'facenox-minifasnet-v2-se-128'], {
    env: { UNSPOOF_CACHE_DIR: path.join(folder, 'no-cache') },
  })
  expect(never.code).toBe(2)
  expect(never.stderr).toContain('unspoof models pull facenox-minifasnet-v2-se-128:int8')
})

describe('sequences', () => {
  /** Frames of a person who moves a little: the face shifted by some pixels in each. */
  async function frames(target: string, count: number): Promise<void> {
    await mkdir(target, { recursive: true })
    for (let i = 0; i < count; i++) {
      await sharp(FACE)
        .extract({ left: i * 2, top: i, width: 360, height: 360 })
        .jpeg({ quality: 92 })
        .toFile(path.join(target, `frame${i + 1}.jpg`))
    }
  }

  it('are folders of frames with --sequence: one verdict', async () => {
    const target = path.join(folder, 'sequence')
    await frames(target, 12)
    const { stdout, stderr, code } = await unspoof(['check', target, '--sequence', '--json'])
    expect(stderr).toBe('')
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ input: target, error: null })
    expect(result.frames.read).toBeGreaterThanOrEqual(3)
    expect(code).toBe(exitCodeOf([result.verdict]))
    expect(result.verdict).toBe('live')
  })

  it('never call a still picture repeated live', async () => {
    const target = path.join(folder, 'frozen')
    await mkdir(target)
    for (let i = 0; i < 8; i++) await copyFile(FACE, path.join(target, `${i}.jpg`))
    const { code, stdout } = await unspoof(['check', target, '--sequence', '--json'])
    expect(code).toBe(3)
    expect(JSON.parse(stdout).reasons.map(({ code: reason }: { code: string }) => reason)).toContain('frozen-frames')
  })

  it.skipIf(!ffmpeg)('are videos, read through ffmpeg', async () => {
    const target = path.join(folder, 'moving')
    await frames(target, 15)
    const video = path.join(folder, 'video.mp4')
    const made = spawnSync('ffmpeg', [
      ...['-loglevel', 'error', '-y', '-framerate', '5', '-i', path.join(target, 'frame%d.jpg')],
      ...['-c:v', 'mpeg4', '-q:v', '2', video],
    ])
    expect(made.status).toBe(0)
    const { stdout, stderr } = await unspoof(['check', video, '--json'])
    expect(stderr).toBe('')
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ input: video, error: null })
    expect(result.frames.read).toBeGreaterThanOrEqual(3)
    const broken = path.join(folder, 'broken.mp4')
    await writeFile(broken, 'not a video')
    const refused = await unspoof(['check', broken])
    expect(refused.code).toBe(2)
    expect(refused.stdout).toContain('ffmpeg finds no video')
  })

  it('say how to do without ffmpeg', async () => {
    const video = path.join(folder, 'any.mp4')
    await writeFile(video, 'x')
    const { code, stdout } = await unspoof(['check', video], { env: { PATH: path.join(folder, 'none-at-all') } })
    expect(code).toBe(2)
    expect(stdout).toMatch(/Videos need ffmpeg[\s\S]*--sequence/)
  })
})
