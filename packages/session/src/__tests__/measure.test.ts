/**
 * Measures what the bounds of the frame checks are set by, on pictures of real people, and prints the table of README.md.
 * `UNSPOOF_MEASURE=1 npx vitest run packages/session/src/__tests__/measure.test.ts`; needs the research sets in ../shared/data.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import {
  type Face,
  type Frame,
  hammingDistance,
  lumaGrid,
  type PerceptualHash,
  perceptualHash,
  seededRandom,
} from '@unspoof/core'
import { type FaceGeometry, faceGeometry, MOVEMENT_BOUNDS } from '@unspoof/core/protocol'
import { createLiveness } from '@unspoof/node'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { ANSWER_BOUNDS } from '../challenge/answer.ts'
import { CONTINUITY_BOUNDS, type ContinuityFrame, continuityFrame, likenessOf } from '../frames/continuity.ts'
import { meanDifference } from '../frames/difference.ts'
import { FROZEN_BELOW } from '../frames/frozen.ts'
import { MAX_DISTANCE } from '../frames/seen-frames.ts'
import { fromJpeg } from './scene.ts'
import { anotherMoment, randomHead, turnHead } from './turned-head.ts'

const DATA = `${process.cwd()}/../shared/data`
const MAX_COARSE = 4

/** Numbers of frames this far apart are a fraction of a second apart. */
const NEAR = 12

interface Picture {
  readonly clip: string
  readonly person: string
  readonly number: number
  readonly path: string
}

interface Seen extends Picture {
  readonly bytes: Uint8Array
  readonly grid: Float64Array
  readonly hash: PerceptualHash
  readonly continuity: ContinuityFrame | undefined
  readonly geometry: FaceGeometry | undefined
  /** The face as it is and then turned farther and farther to one side; empty where a turned one was not found. */
  readonly turn: readonly ContinuityFrame[]
}

/** Yaws that heads are turned to, each give or take .05: in four frames as quickly as somebody turns in a second. */
const TURN = [0.12, 0.25, 0.4, 0.55]

/** What sessions say of the last face of a run, by likeness alone. */
type Answer = 'one face' | 'spoof' | 'retry'

/** Webcam pictures of 640 x 480 in which people sit still: the hardest to tell from a repeated frame. */
function pictures(): Picture[] {
  return ['nuaa', 'nuaa-dev'].flatMap((set) =>
    readdirSync(`${DATA}/${set}/live`).map((name) => {
      const parts = name.replace('.jpg', '').split('_')
      return {
        clip: `${set}:${parts.slice(0, 5).join('_').replace(/_\d+$/, '')}`,
        person: parts[0]!,
        number: Number(parts.at(-1)),
        path: `${DATA}/${set}/live/${name}`,
      }
    }),
  )
}

describe.skipIf(process.env.UNSPOOF_MEASURE === undefined || !existsSync(DATA))('measured on real people', () => {
  it('prints the table', { timeout: 1_800_000 }, async () => {
    const all = pictures()
    await using liveness = await createLiveness()
    const random = seededRandom(113)
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const turnOf = async (frame: Frame, face: Face | null): Promise<ContinuityFrame[]> => {
      const steps = [continuityFrame(frame, face)]
      const [shape, side] = [randomHead(random), random() < 0.5 ? 1 : -1]
      for (const yaw of face === null ? [] : TURN) {
        const angle = side * Math.atan((yaw + 0.1 * (random() - 0.5)) / 0.9)
        const turned = anotherMoment(turnHead(frame, face!, angle, shape), normal)
        steps.push(continuityFrame(turned, (await liveness.check(turned, { crops: 1 })).face))
      }
      return steps.includes(undefined) ? [] : (steps as ContinuityFrame[])
    }
    const seen: Seen[] = []
    for (const picture of all) {
      const bytes = new Uint8Array(readFileSync(picture.path))
      const frame = await fromJpeg(bytes)
      const grid = lumaGrid(frame)
      const { face } = await liveness.check(frame, { crops: 1 })
      seen.push({
        ...picture,
        bytes,
        grid,
        hash: perceptualHash(grid),
        continuity: continuityFrame(frame, face),
        geometry: faceGeometry(face),
        turn: await turnOf(frame, face),
      })
    }
    const lines: string[] = [
      `${seen.length} pictures, ${new Set(seen.map(({ clip }) => clip)).size} clips, ${new Set(seen.map(({ person }) => person)).size} people`,
    ]

    const forgeries: Record<string, (picture: Sharp, width: number, height: number) => Sharp> = {
      'quality 70': (p) => p.jpeg({ quality: 70 }),
      'quality 80': (p) => p.jpeg({ quality: 80 }),
      'quality 95': (p) => p.jpeg({ quality: 95 }),
      '1 px off each side, quality 70': (p, width, height) =>
        p.extract({ left: 1, top: 1, width: width - 2, height: height - 2 }).jpeg({ quality: 70 }),
      '1 px off left and top, quality 85': (p, width, height) =>
        p.extract({ left: 1, top: 1, width: width - 1, height: height - 1 }).jpeg({ quality: 85 }),
      'mirrored, quality 80': (p) => p.flop().jpeg({ quality: 80 }),
    }
    for (const [name, forge] of Object.entries(forgeries)) {
      let found = 0
      const differences: number[] = []
      for (const { bytes, hash, grid } of seen) {
        const { width, height } = await sharp(bytes).metadata()
        const forged = lumaGrid(await fromJpeg(await forge(sharp(bytes), width, height).toBuffer()))
        if (same(perceptualHash(forged), hash)) found++
        differences.push(meanDifference(forged, grid))
      }
      lines.push(`again, ${name}: found ${found} of ${seen.length}; mean difference ${quantiles(differences)}`)
      expect(found / seen.length).toBeGreaterThan(0.9)
    }

    let falsePairs = 0
    let pairs = 0
    for (const [i, a] of seen.entries()) {
      for (const b of seen.slice(0, i)) {
        if (a.clip !== b.clip) continue
        pairs++
        if (same(a.hash, b.hash)) falsePairs++
      }
    }
    lines.push(`other frame of the same clip: taken for the same in ${falsePairs} of ${pairs} pairs`)

    // What a session sees: frames of one clip in their order, a fraction of a second apart.
    const clips = [...new Set(seen.map(({ clip }) => clip))].map((clip) =>
      seen.filter((p) => p.clip === clip).sort((a, b) => a.number - b.number),
    )
    const near: number[] = []
    const likeSame: number[] = []
    const growths: number[] = []
    const sways: number[] = []
    for (const clip of clips) {
      for (let i = 1; i < clip.length; i++) {
        const [a, b] = [clip[i - 1]!, clip[i]!]
        if (b.number - a.number > NEAR) continue
        near.push(meanDifference(a.grid, b.grid))
        const run = clip.slice(Math.max(0, i - 3), i + 1).flatMap(({ continuity }) => continuity ?? [])
        if (a.continuity && b.continuity) likeSame.push(likenessOf(run, run.length - 1))
        if (a.geometry && b.geometry) {
          growths.push(Math.max(a.geometry.size / b.geometry.size, b.geometry.size / a.geometry.size))
          sways.push(Math.abs(a.geometry.yaw - b.geometry.yaw))
        }
      }
    }
    lines.push(
      `frames at most ${NEAR} apart: mean difference ${quantiles(near)}; below ${FROZEN_BELOW}: ${near.filter((d) => d < FROZEN_BELOW).length} of ${near.length}`,
    )
    lines.push(
      `  ratio of sizes ${quantiles(growths)}; above ${ANSWER_BOUNDS.heldGrowth}: ${share(growths, (v) => v > ANSWER_BOUNDS.heldGrowth)}`,
    )
    lines.push(
      `  change of yaw ${quantiles(sways)}; above ${ANSWER_BOUNDS.heldSway}: ${share(sways, (v) => v > ANSWER_BOUNDS.heldSway)}`,
    )

    // Two sessions of one person right after each other: 12 frames, then the next 12, 4 of them remembered, 2 enough.
    let alarms = 0
    let trials = 0
    for (const clip of new Set(seen.map((p) => p.clip))) {
      const frames = seen.filter((p) => p.clip === clip).sort((a, b) => a.number - b.number)
      for (let start = 0; start + 24 <= frames.length; start += 4) {
        const first = frames.slice(start, start + 12)
        const second = frames.slice(start + 12, start + 24)
        const matches = [0, 4, 7, 11].filter((index) => second.some(({ hash }) => same(hash, first[index]!.hash)))
        trials++
        if (matches.length >= 2) alarms++
      }
    }
    lines.push(`a second session of the same person, right after the first: ${alarms} of ${trials} taken for a repeat`)

    // Bound and shape were chosen on every other person: of the rest the numbers are told as well.
    const people = [...new Set(seen.map(({ person }) => person))].sort()
    const isOther = ({ person }: Picture): boolean => people.indexOf(person) % 2 === 1
    const answers = (runs: readonly (readonly [of: readonly Picture[], run: readonly ContinuityFrame[]])[]): string => {
      const told = (some: typeof runs): string => {
        const all = some.map(([, run]) => answerOf(run))
        return `spoof ${share(all, (v) => v === 'spoof')}, retry ${all.filter((v) => v === 'retry').length}`
      }
      return `${told(runs)}; people not fitted on: ${told(runs.filter(([of]) => of.every(isOther)))}`
    }
    const likeOther: number[] = []
    const still: [Picture[], ContinuityFrame[]][] = []
    const turning: [Picture[], ContinuityFrame[]][] = []
    for (const a of clips) {
      for (const b of clips) {
        if (a[0]!.person === b[0]!.person) continue
        for (let i = 2; i < a.length; i += 5) {
          const [one, other] = [a[i]!, b[i % b.length]!]
          const run = [...a.slice(i - 2, i + 1), other].flatMap(({ continuity }) => continuity ?? [])
          if (run.length === 4) likeOther.push(likenessOf(run, 3))
          if (run.length === 4) still.push([[one, other], run])
          if (one.turn.length === 0 || other.turn.length === 0) continue
          if (one.turn.at(-1)!.face.yaw > 0 !== other.turn.at(-1)!.face.yaw > 0) continue
          for (let step = 2; step <= TURN.length; step++) {
            turning.push([
              [one, other],
              [...one.turn.slice(Math.max(0, step - 3), step), other.turn[step]!],
            ])
          }
        }
      }
    }
    const wholeTurns = seen.filter(({ turn }) => turn.length > 0)
    const runs = (...indices: number[][]): [Picture[], ContinuityFrame[]][] =>
      wholeTurns.flatMap((picture) =>
        indices.map((index): [Picture[], ContinuityFrame[]] => [[picture], index.map((i) => picture.turn[i]!)]),
      )
    lines.push(
      `heads turned in ${wholeTurns.length} pictures, in four steps: ${answers(runs([0, 1], [0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 4]))}`,
    )
    lines.push(`  in two steps: ${answers(runs([0, 2], [0, 2, 4]))}`)
    lines.push(`  in one step: ${answers(runs([0, 3], [0, 4]))}`)
    const far: [Picture[], ContinuityFrame[]][] = clips.flatMap((clip) =>
      clip.flatMap((b, i) =>
        clip.slice(0, i).flatMap((a): [Picture[], ContinuityFrame[]][] => {
          if (a.continuity === undefined || b.continuity === undefined) return []
          const turned = Math.abs(a.continuity.face.yaw - b.continuity.face.yaw) > 0.12
          return turned
            ? [
                [
                  [a, b],
                  [a.continuity, b.continuity],
                ],
              ]
            : []
        }),
      ),
    )
    lines.push(`frames of one clip, any time apart, whose yaws differ by more than .12: ${answers(far)}`)
    lines.push(`another person in the same place: ${answers(still)}`)
    lines.push(`another person in the same place while both turn to one side: ${answers(turning)}`)
    lines.push(`likeness to the three before, same clip: ${quantiles(likeSame)}`)
    lines.push(`likeness to the three before, other person: ${quantiles(likeOther)}`)
    for (const bound of [0.4, 0.5, 0.55, 0.6, 0.7, 0.8]) {
      lines.push(
        `  bound ${bound}: same refused ${share(likeSame, (v) => v < bound)}, other person caught ${share(likeOther, (v) => v < bound)}`,
      )
    }
    const yaws = seen.flatMap(({ geometry }) => (geometry === undefined ? [] : Math.abs(geometry.yaw)))
    lines.push(
      `|yaw| of people who look ahead: ${quantiles(yaws)}; above ${ANSWER_BOUNDS.heldYaw}: ${share(yaws, (v) => v > ANSWER_BOUNDS.heldYaw)}`,
    )
    lines.push(`likeness bound in use: ${CONTINUITY_BOUNDS.likeness}`)
    console.info(lines.join('\n'))
  })

  it('tells turns to both sides alike: the mirror image of a turn to the left is one to the right', {
    timeout: 1_800_000,
  }, async () => {
    await using liveness = await createLiveness()
    const yawOf = async (picture: Sharp): Promise<number | undefined> => {
      const frame = await fromJpeg(await picture.png().toBuffer())
      const { faces } = await liveness.check(frame, { crops: 1 })
      const largest = faces.toSorted((a, b) => b.face.box.width - a.face.box.width)[0]
      return faceGeometry(largest?.face)?.yaw
    }
    const asymmetries: number[] = []
    const turns: number[] = []
    for (const row of readFileSync(`${DATA}/index.csv`, 'utf8').trim().split('\n').slice(1)) {
      const path = `${DATA}/${row.split(',')[0]}`
      const yaw = await yawOf(sharp(path))
      const mirrored = await yawOf(sharp(path).flop())
      if (yaw === undefined || mirrored === undefined) continue
      asymmetries.push((yaw + mirrored) / 2)
      turns.push(yaw, mirrored)
    }
    const { turn } = MOVEMENT_BOUNDS
    const mean = asymmetries.reduce((sum, value) => sum + value, 0) / asymmetries.length
    console.info(
      `yaw and that of the mirror image, mean of the two: ${mean.toFixed(4)}, ${quantiles(asymmetries)}; ` +
        `called a turn to the left ${share(turns, (yaw) => yaw >= turn)}, to the right ${share(turns, (yaw) => yaw <= -turn)}`,
    )
    expect(Math.abs(mean)).toBeLessThan(0.01)
  })
})

function same(a: PerceptualHash, b: PerceptualHash): boolean {
  let coarse = 0
  for (let i = 0; i < a.coarse.length; i++) coarse += a.coarse[i] === b.coarse[i] ? 0 : 1
  return coarse <= MAX_COARSE && hammingDistance(a.fine, b.fine) <= MAX_DISTANCE
}

function answerOf(run: readonly ContinuityFrame[]): Answer {
  const last = run.at(-1)!
  if (likenessOf(run, run.length - 1) >= CONTINUITY_BOUNDS.likeness) return 'one face'
  const before = run.slice(0, -1).map(({ face }) => Math.abs(face.yaw - last.face.yaw))
  return Math.min(...before) > CONTINUITY_BOUNDS.fastTurn ? 'retry' : 'spoof'
}

function quantiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return `${[0.01, 0.05, 0.5, 0.95, 0.99].map((p) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!.toFixed(2)).join(' / ')} (1/5/50/95/99 %, n ${values.length})`
}

function share<T>(values: readonly T[], test: (value: T) => boolean): string {
  return `${values.filter(test).length} of ${values.length}`
}
