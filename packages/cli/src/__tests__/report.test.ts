import { describe, expect, it } from 'vitest'
import { groupNameOf } from '../evaluate/groups.ts'
import type { LabelledPicture } from '../evaluate/index-file.ts'
import { buildReport, type ReportModel, type ReportParts } from '../evaluate/report.ts'
import { renderHtml } from '../evaluate/report-html.ts'
import { renderText } from '../evaluate/report-text.ts'
import type { PictureScores } from '../evaluate/scores.ts'
import { probit } from '../html/charts.ts'

function model(key: string, threshold = 0.5): ReportModel {
  return { key, id: key, version: '1', variant: 'fp32', sha256: 'ab', operatingPoint: { name: 'balanced', threshold } }
}

interface Made {
  readonly label: 'live' | 'spoof'
  readonly scores: readonly (number | null)[]
  readonly set?: string
  readonly subject?: string
  readonly video?: string
  readonly perturbation?: string
  readonly name?: string
  readonly sha256?: string
  readonly error?: PictureScores['error']
}

function parts(made: readonly Made[], models = [model('a'), model('b')]): ReportParts {
  const pictures: LabelledPicture[] = []
  const rows = made.map((one, i): PictureScores => {
    const name = one.name ?? `${i}.jpg`
    if (one.perturbation === undefined) {
      pictures.push({
        name,
        file: name,
        set: one.set ?? 'set',
        label: one.label,
        ...(one.label === 'spoof' ? { species: 'print' } : {}),
        ...(one.subject === undefined ? {} : { subject: one.subject }),
        ...(one.video === undefined ? {} : { video: one.video }),
        columns: {},
      })
    }
    const score = (value: number | null) => ({
      score: value,
      reasons: [],
      margin: value,
      stability: null,
      timings: { crop: 1, model: 2 },
    })
    return {
      name,
      perturbation: one.perturbation ?? '',
      models:
        one.error === undefined ? Object.fromEntries(models.map(({ key }, m) => [key, score(one.scores[m]!)])) : {},
      ...(one.sha256 === undefined ? {} : { sha256: one.sha256 }),
      ...(one.error === undefined ? {} : { error: one.error }),
      timings: { decode: 3, detect: 4 },
    }
  })
  return {
    settings: {
      source: 'data',
      command: 'unspoof evaluate <data> & "more"',
      boxes: 'detector',
      crops: 1,
      groups: [],
      perVideo: false,
      resamples: 200,
      seed: 1,
    },
    environment: { unspoof: '0', node: 'v20', platform: 'x', cpu: 'y' },
    models,
    pictures,
    dropped: 0,
    rows,
    wallSeconds: 1,
    workers: 2,
  }
}

const many = (count: number, one: Made): Made[] => Array.from({ length: count }, () => one)

describe('the report', () => {
  it('counts a person without an answer as refused, and prints the other reading beside it', () => {
    const report = buildReport(
      parts([
        ...many(40, { label: 'live', scores: [0.9, 0.9] }),
        ...many(10, { label: 'live', scores: [null, 0.9] }),
        ...many(35, { label: 'spoof', scores: [0.1, 0.1] }),
        ...many(5, { label: 'spoof', scores: [0.8, 0.1] }),
      ]),
    )
    const { rates } = report.sets[0]!.models.a!
    expect(rates.bpcer!.refused).toMatchObject({ errors: 10, n: 50 })
    expect(rates.bpcer!.removed).toMatchObject({ errors: 0, n: 40 })
    const text = renderText(report)
    expect(text).toMatch(/a, pictures without an answer removed: APCER 13 % .*, BPCER 0 of 40 \(<= 7\.3 %\)/)
    expect(text).toMatch(/print 13 % \[\d, \d\d\] \(5 of 40\)/)
    expect(text).not.toMatch(/\b0(\.0+)? %/)
    // 15 wrong only in a, none only in b.
    expect(report.sets[0]!.comparisons[0]!.mcnemar).toMatchObject({ onlyFirst: 15, onlySecond: 0 })
    expect(report.worst.a!.map(({ label, score }) => [label, score])).toEqual(Array(5).fill(['spoof', 0.8]))
  })

  it('keeps unreadable pictures out of every rate, and says when a set is all unreadable', () => {
    const error = { code: 'IMAGE_CORRUPT', message: 'The picture is damaged.' }
    const report = buildReport(
      parts([
        { label: 'live', scores: [0.9, 0.9] },
        { label: 'spoof', scores: [0.1, 0.1] },
        { label: 'live', scores: [], error },
        { label: 'live', scores: [], set: 'lost', error },
      ]),
    )
    expect(report.sets.map(({ set }) => set)).toEqual(['set'])
    expect(report.sets[0]!.models.a!.counts.live).toBe(1)
    expect(report.unreadable).toHaveLength(2)
    expect(report.warnings).toContain('lost: no picture could be read.')
    expect(renderText(report)).toContain('2 of 4 pictures could not be read')
  })

  it('makes one decision a video where asked, and warns of few subjects', () => {
    const frames = (video: string, label: 'live' | 'spoof', score: number) =>
      many(4, { label, scores: [score, score], video, subject: video })
    const base = parts([...frames('v1', 'live', 0.9), ...frames('v2', 'live', 0.2), ...frames('v3', 'spoof', 0.1)])
    const single = buildReport(base)
    expect(single.sets[0]!.models.a!.counts.live).toBe(8)
    expect(single.warnings.join()).toContain('only 3 subjects or videos')
    expect(renderText(single)).toContain('4 of 8 (2 clusters, too few for a rate)')
    const whole = buildReport({ ...base, settings: { ...base.settings, perVideo: true } })
    expect(whole.sets[0]!.models.a!.counts).toMatchObject({ live: 2, spoof: 1 })
    expect(whole.sets[0]!.models.a!.rates.bpcer!.refused).toMatchObject({ errors: 1, n: 2 })
  })

  it('finds the same picture twice, and once as live and once as spoof', () => {
    const report = buildReport(
      parts([
        { label: 'live', scores: [0.9, 0.9], sha256: 'x' },
        { label: 'spoof', scores: [0.9, 0.9], sha256: 'x' },
        { label: 'live', scores: [0.9, 0.9], sha256: 'y' },
      ]),
    )
    expect(report.duplicates).toEqual([['0.jpg', '1.jpg']])
    expect(report.warnings).toContain('1 picture in the data both as live and as spoof.')
  })

  it('counts flips under a perturbation against the plain picture', () => {
    const report = buildReport(
      parts([
        { label: 'live', scores: [0.9, 0.9], name: 'p' },
        { label: 'spoof', scores: [0.1, 0.1], name: 'q' },
        { label: 'live', scores: [0.4, 0.9], name: 'p', perturbation: 'blur+1' },
        { label: 'spoof', scores: [0.1, null], name: 'q', perturbation: 'blur+1' },
      ]),
    )
    expect(report.robustness.map(({ model: key, flips, n }) => [key, flips, n])).toEqual([
      ['a', 1, 2],
      ['b', 0, 2],
    ])
  })

  it('is HTML that holds what it was given as text', () => {
    const report = buildReport(
      parts([...many(3, { label: 'live', scores: [0.9, 0.9] }), ...many(3, { label: 'spoof', scores: [0.2, 0.95] })]),
    )
    const page = renderHtml(report, () => [{ label: 'live', score: 0.9 }])
    expect(page).toContain('unspoof evaluate &lt;data&gt; &amp; &quot;more&quot;')
    expect(page.includes('<data>')).toBe(false)
    expect(/NaN|undefined|Infinity/.test(page)).toBe(false)
  })
})

it('groups by bands, by skin tone and by columns, which go first', () => {
  const picture = { columns: { lens: 'wide', empty: '' } } as unknown as LabelledPicture
  const row = { signals: { brightness: 99.9, faceSide: 500 }, skinTone: 45 } as unknown as PictureScores
  const name = (by: string) => groupNameOf(by, picture, row)
  expect(['lens', 'empty', 'brightness', 'face-size', 'skin-tone'].map(name)).toEqual([
    'wide',
    'unknown',
    '60 to 100',
    '384 and more',
    'light',
  ])
  expect(groupNameOf('brightness', picture, {} as PictureScores)).toBe('unknown')
})

it('knows the normal distribution', () => {
  expect(probit(0.5)).toBeCloseTo(0, 6)
  expect(probit(0.975)).toBeCloseTo(1.959964, 4)
  expect(probit(0.001)).toBeCloseTo(-3.090232, 4)
})
