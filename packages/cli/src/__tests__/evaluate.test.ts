import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parsePadCard } from '@unspoof/core'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../evaluate/report.ts'
import { copyDefaultModel, DEFAULT_ID, DEFAULT_KEY, FACE, SHARED, temporaryFolder, unspoof } from './run.ts'

let folder: string
let index: string

/** Live: the face, lighter and darker. "Attacks": the same, coarsely quantised and blurred. What is true is what the index says. */
beforeAll(async () => {
  folder = await temporaryFolder()
  const rows = ['path,set,label,attack,subject,lens,face_x,face_y,face_w,face_h']
  for (let i = 0; i < 8; i++) {
    const face = sharp(FACE).modulate({ brightness: 0.8 + i * 0.05 })
    await face
      .clone()
      .jpeg({ quality: 95 })
      .toFile(path.join(folder, `live${i}.jpg`))
    await face
      .clone()
      .blur(2)
      .jpeg({ quality: 40 })
      .toFile(path.join(folder, `spoof${i}.jpg`))
    rows.push(`live${i}.jpg,${i < 4 ? 'one' : 'two'},live,,p${i},${i % 2 ? 'wide' : 'tele'},170,50,100,120`)
    rows.push(`spoof${i}.jpg,${i < 4 ? 'one' : 'two'},spoof,${i < 6 ? 'print' : 'replay'},p${i},wide,170,50,100,120`)
  }
  await writeFile(path.join(folder, 'broken.jpg'), 'nothing')
  rows.push('broken.jpg,one,live,,p9,wide,1,1,9,9', 'gone.jpg,one,spoof,print,p9,wide,1,1,9,9')
  index = path.join(folder, 'index.csv')
  await writeFile(index, `${rows.join('\n')}\n`)
})

async function evaluate(
  args: readonly string[],
): Promise<{ report: Report; stdout: string; stderr: string; code: number | null }> {
  const json = path.join(folder, 'report.json')
  const ran = await unspoof(['evaluate', ...args, '--json', json, '--resamples', '200'])
  if (ran.code !== 0) throw new Error(ran.stderr)
  return { ...ran, report: JSON.parse(await readFile(json, 'utf8')) as Report }
}

describe('unspoof evaluate', () => {
  it('judges every picture, says what it could not read, and counts as the threshold says', async () => {
    const html = path.join(folder, 'report.html')
    const { report, stdout, stderr } = await evaluate([
      index,
      '--by',
      'lens,brightness,skin-tone,face-size',
      '--html',
      html,
    ])
    expect(stderr).toBe('')
    expect(report.pictures).toBe(18)
    expect(report.unreadable.map(({ name, code }) => [name, code])).toEqual([
      ['broken.jpg', 'IMAGE_TYPE'],
      ['gone.jpg', 'INPUT_UNREADABLE'],
    ])
    expect(report.sets.map(({ set }) => set)).toEqual(['one', 'two', 'all (pooled)'])
    const all = report.sets[2]!.models[DEFAULT_KEY]!
    expect(all.counts).toMatchObject({ live: 8, spoof: 8 })
    expect(all.rates.bpcer!.refused!.n).toBe(8)
    expect(Object.keys(all.rates.species)).toEqual(['print', 'replay'])
    expect(all.rates.worst).toBeNull()
    expect(all.rates.tooFew).toEqual(['print', 'replay'])
    expect(stdout).toContain('2 of 18 pictures could not be read and are in no rate')
    expect(stdout).toMatch(/By lens[\s\S]*too few/)
    // Not a number of a group of eight.
    expect(report.subgroups.flatMap(({ groups }) => groups).every(({ rates }) => rates === null)).toBe(true)
    const page = await readFile(html, 'utf8')
    expect(page).toContain('Face liveness evaluation')
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|base64/)
    expect((page.match(/<svg/g) ?? []).length).toBeGreaterThanOrEqual(4)
  })

  it('gives the same scores again, as check does, and takes them up from the score file', async () => {
    const scores = path.join(folder, 'scores.jsonl')
    await evaluate([index, '--scores', scores])
    const first = await readFile(scores, 'utf8')
    const rows = first
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line))
    const checked = await unspoof(['check', path.join(folder, 'live3.jpg'), '--json'])
    const row = rows.find(({ name }: { name: string }) => name === 'live3.jpg')
    expect(row.models[DEFAULT_KEY].score).toBeCloseTo(JSON.parse(checked.stdout).liveProbability, 6)
    // Interrupted after ten rows: the rest is judged, what was there is not judged again.
    await writeFile(scores, `${first.split('\n').slice(0, 11).join('\n')}\n{"name":"tor`)
    const { report, stderr } = await evaluate([index, '--scores', scores])
    expect(stderr).toMatch(/\d+ scores taken from/)
    expect(report.sets.at(-1)!.models[DEFAULT_KEY]!.counts).toMatchObject({ live: 8, spoof: 8 })
    const other = await unspoof(['evaluate', index, '--scores', scores, '--crops', '3'])
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('other models or settings')
  })

  it('puts models side by side, with paired tests, on the boxes of the index', async () => {
    const copy = await copyDefaultModel(path.join(folder, 'copy'))
    const { report } = await evaluate([
      index,
      '--boxes',
      'index',
      '-m',
      DEFAULT_ID,
      '-m',
      copy,
      '-m',
      `${DEFAULT_ID}+${copy}`,
    ])
    expect(report.models.map(({ key }) => key)).toEqual([DEFAULT_KEY, copy, `${DEFAULT_KEY} + ${DEFAULT_KEY}`])
    const { models, comparisons } = report.sets.at(-1)!
    // The same weights say the same, and an average of equals too.
    expect(models[copy]!.ranking).toEqual(models[DEFAULT_KEY]!.ranking)
    expect(comparisons.map(({ mcnemar, auc }) => [mcnemar.p, auc!.difference])).toEqual([
      [1, 0],
      [1, expect.closeTo(0, 9)],
    ])
    expect(report.timings.detect).toBeNull()
    expect(report.timings.models[copy]!.model!.median).toBeGreaterThan(0)
  })

  it('sweeps perturbations', async () => {
    const { report, stdout } = await evaluate([
      index,
      '--set',
      'two',
      '--robustness',
      'jpeg,shift,noise',
      '--crops',
      '1',
    ])
    const names = report.robustness.map(({ perturbation }) => perturbation)
    expect(names).toEqual([
      'jpeg+90',
      'jpeg+70',
      'jpeg+50',
      'jpeg+30',
      'shift-0.1',
      'shift-0.05',
      'shift+0.05',
      'shift+0.1',
      'noise+5',
      'noise+10',
      'noise+20',
    ])
    expect(report.robustness.every(({ n }) => n === 8)).toBe(true)
    expect(stdout).toContain('Robustness')
  })

  it.each([
    [['--robustness', 'fog'], /Unknown perturbation "fog"; known are all, jpeg/],
    [['--by', 'shoe-size'], /Cannot group by "shoe-size"; known are skin-tone/],
    [['--set', 'three'], /There is no set "three"; there are one, two/],
    [['--boxes', 'index', '--crops', '3'], /leave out --crops/],
    [['--target', 'strict=2'], /Expected NAME=APCER/],
    [['--seed', 'x'], /Expected an integer from 0 .* for --seed/],
    [['--subject-pattern', '('], /Expected a regular expression/],
    [['--model', 'blazeface-short'], /task/],
    [['--model', DEFAULT_ID, '--model', DEFAULT_ID], /is there twice/],
  ])('refuses %j before it judges anything', async (args, message) => {
    const ran = await unspoof(['evaluate', index, ...args])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(message)
    expect(ran.stdout).toBe('')
  })

  it('has no AUC, EER or APCER of a single class, and no report of nothing', async () => {
    const lives = path.join(folder, 'lives.csv')
    await writeFile(lives, 'path,label\nlive0.jpg,live\nlive1.jpg,live\n')
    const { report, stdout } = await evaluate([lives])
    expect(report.sets[0]!.models[DEFAULT_KEY]).toMatchObject({
      ranking: null,
      rates: { worst: null, pooledApcer: null, acer: null },
    })
    expect(stdout).toMatch(/one class +one class[\s\S]*no attacks/)
    expect(report.warnings.join()).toContain('no attack pictures')
    const nothing = path.join(folder, 'nothing.csv')
    await writeFile(nothing, 'path,label\nbroken.jpg,live\ngone.jpg,spoof\n')
    const ran = await unspoof(['evaluate', nothing])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/None of the 2 pictures could be read/)
    expect(ran.stdout).toBe('')
  })

  it('notices pictures that nearly equal each other or what the model was trained on', async () => {
    const near = path.join(folder, 'near.csv')
    const smaller = path.join(folder, 'smaller.jpg')
    await sharp(FACE).resize(200, 200).jpeg({ quality: 60 }).toFile(smaller)
    await sharp(FACE).flop().toFile(path.join(folder, 'mirrored.jpg'))
    await sharp(FACE).rotate(90).toFile(path.join(folder, 'other.jpg'))
    const index = (rows: readonly string[]) => `path,label,subject\n${rows.join('\n')}\n`
    await writeFile(near, index(['live0.jpg,live,anna', 'smaller.jpg,live,berta', 'other.jpg,live,carla']))
    const trainedOn = path.join(folder, 'trained-on.csv')
    await writeFile(trainedOn, index(['mirrored.jpg,live,', 'gone.jpg,live,']))
    const { report, stdout, stderr } = await evaluate([near, '--trained-on', trainedOn])
    expect(report.nearDuplicates.groups).toEqual([['live0.jpg', 'smaller.jpg']])
    expect(report.nearDuplicates.trained).toEqual([
      { name: 'live0.jpg', trainedOn: 'mirrored.jpg' },
      { name: 'smaller.jpg', trainedOn: 'mirrored.jpg' },
    ])
    expect(stdout).toContain('2 pictures in 1 group of nearly equal ones of different subjects or videos (such as ')
    expect(stdout).toContain('2 of 3 pictures nearly equal to one the model was trained on')
    expect(stderr).toContain('1 of 2 pictures')

    // The same pictures of one subject are what a video is made of.
    await writeFile(near, index(['live0.jpg,live,anna', 'smaller.jpg,live,anna', 'other.jpg,live,carla']))
    const { report: honest } = await evaluate([near])
    expect(honest.nearDuplicates).toEqual({ groups: [], trained: null })
    await writeFile(near, index(['live0.jpg,live,anna', 'smaller.jpg,spoof,anna', 'other.jpg,live,carla']))
    const { report: contradicting } = await evaluate([near])
    expect(contradicting.nearDuplicates.groups).toEqual([['live0.jpg', 'smaller.jpg']])
    expect(contradicting.warnings.join()).toContain('1 group of nearly equal pictures with live and spoof ones')
  })

  it('refuses to fit on too few pictures and says how many it needs, and writes nothing', async () => {
    const target = path.join(folder, 'fitted')
    const ran = await unspoof(['evaluate', index, '--fit', target, '--crops', '1'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/at least 29 bona fide pictures but received 8[\s\S]*DATA_TOO_FEW/)
    expect(existsSync(target)).toBe(false)
  })
})

const data = path.join(SHARED, 'data', 'index.csv')

describe.skipIf(!existsSync(data))('on real pictures', () => {
  it('reproduces the measured AUC of another model on its boxes, and fits a card that loads', async () => {
    const target = path.join(folder, 'fitted-real')
    const { report, stdout } = await evaluate([
      ...[
        data,
        '--set',
        'nuaa-dev',
        '--boxes',
        'index',
        '-m',
        'facenox-minifasnet-v2-se-128:fp32',
        '--models-dir',
        path.join(SHARED, 'models'),
      ],
      ...['--operating-point', '0.5', '--subject-pattern', 'nuaa[^/]*/\\w+/(\\d{4})', '--fit', target],
      ...['--target', 'strict=0.03', '--target', 'balanced=0.05', '--target', 'lenient=0.1'],
    ])
    const summary = report.sets[0]!.models['facenox-minifasnet-v2-se-128:fp32']!
    // On all of NUAA: .989.
    expect(summary.ranking!.auc.value).toBeGreaterThan(0.97)
    expect(summary.fewClusters).toBe(true)
    expect(report.warnings.join()).toContain('only 4 subjects')
    expect(stdout).toContain('Fitted on these pictures, so measure it on others')
    const card = parsePadCard(JSON.parse(await readFile(path.join(target, 'card.json'), 'utf8')), target)
    expect(card.operatingPoints.strict.threshold).toBeGreaterThan(card.operatingPoints.lenient.threshold)
    expect(card.operatingPoints.strict.measured[0]).toMatchObject({ optimistic: true, apcer: { print: { n: 131 } } })
    expect(card.liveSpectrum).toMatchObject({ input: 'input' })
    expect(card.liveSpectrum!.n).toBeGreaterThan(100)
    expect(card.liveSpectrum!.mean).toHaveLength(65)
    expect((await unspoof(['check', FACE, '--model', target])).code).not.toBe(2)
    const explained = path.join(folder, 'explained')
    expect((await unspoof(['explain', FACE, '--model', target, '--cells', '2', '-o', explained])).code).toBe(0)
    expect(await readFile(path.join(explained, 'explanation.html'), 'utf8')).toContain('live faces, high')
  })
})
