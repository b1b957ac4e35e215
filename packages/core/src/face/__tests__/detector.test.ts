import { describe, expect, it } from 'vitest'
import { box, iou } from '../../image/box.ts'
import { createFrame, type Frame } from '../../image/frame.ts'
import { createBlazeFaceDecoder } from '../blazeface.ts'
import { canonicalFace } from '../canonical.ts'
import { createFaceDetector, MAX_FACES } from '../detector.ts'
import { createYuNetDecoder } from '../yunet.ts'
import { fullRange, noFaces, putFace, sessionOf, shortRange, tensor, yunet } from './cards.ts'

const shortHeads = createBlazeFaceDecoder(shortRange, shortRange.decoder).heads
const fullHeads = createBlazeFaceDecoder(fullRange, fullRange.decoder).heads

/** Eyes, nose, mouth and ears around the anchor: a face of 24 x 24 input pixels. */
const face = [0, 0, 24, 24, -5, -4, 5, -4, 0, 1, 0, 6, -12, 0, 12, 0]

function grey(width: number, height: number): Frame {
  return createFrame({ data: new Uint8Array(width * height * 3).fill(128), width, height })
}

/** A short-range session whose anchor (60, 60) is a face in the runs that `when` names. */
function shortSession(when: (run: number) => boolean) {
  return sessionOf(shortRange, shortHeads, (_, run) => {
    const outputs = noFaces(896)
    // Stride 8, row 7, column 7.
    if (when(run)) putFace(outputs, 2 * (7 * 16 + 7), 3, face)
    return outputs
  })
}

function fullSession(when: (run: number) => boolean) {
  return sessionOf(fullRange, fullHeads, (_, run) => {
    const outputs = noFaces(2304)
    if (when(run)) putFace(outputs, 24 * 48 + 24, 3, face)
    return outputs
  })
}

describe('createFaceDetector', () => {
  it('turns input pixels into frame pixels through the letterbox, and key points into the canonical box', async () => {
    const detector = createFaceDetector({ models: [{ card: shortRange, session: shortSession(() => true) }] })
    const [found, ...others] = await detector.detect(grey(512, 256))
    expect(others).toEqual([])
    // One input pixel is four frame pixels; the frame lies 32 input pixels from the top.
    expect(found!.detectorBox).toEqual({ x: 192, y: 64, width: 96, height: 96 })
    expect(found!.keyPoints!.rightEye).toEqual({ x: 220, y: 96 })
    expect(found!.keyPoints!.mouth).toEqual({ x: 240, y: 136 })
    expect(found!.box).toEqual(canonicalFace(found!.keyPoints!))
    expect(found!.score).toBeCloseTo(1 / (1 + Math.exp(-3)), 6)
  })

  it('looks for more faces with every model where it is thorough, and answers each once', async () => {
    const first = shortSession((run) => run === 0)
    const second = fullSession(() => true)
    const detector = createFaceDetector({
      models: [
        { card: shortRange, session: first },
        { card: fullRange, session: second },
      ],
    })
    const found = await detector.detect(grey(200, 200), { thorough: true })
    // Whole with both, and no look at more than the frame.
    expect([first.runs(), second.runs()]).toEqual([1, 1])
    const overlaps = found.flatMap((a, i) => found.slice(i + 1).map((b) => iou(a.box, b.box)))
    expect(Math.max(0, ...overlaps)).toBeLessThan(0.3)
  })

  describe('confirm', () => {
    // The face of these sessions is about a sixth of their input, in its middle.
    const secondLook = { scale: 6, minScore: 0.6 }
    const SCORE = 1 / (1 + Math.exp(-3))
    const at = box(100, 60, 50, 50)
    const asked = { box: at, detectorBox: at, keyPoints: undefined, score: 0.7 }
    const confirm = (short: boolean, full: boolean, of = asked) =>
      createFaceDetector({
        models: [
          { card: { ...shortRange, secondLook }, session: shortSession(() => short) },
          { card: { ...fullRange, secondLook }, session: fullSession(() => full) },
        ],
      }).confirm!(grey(320, 240), of)

    it('answers the mean score of the models', async () => {
      const both = await confirm(true, true)
      expect(both.score).toBeCloseTo(SCORE, 6)
      expect(both.isFace).toBe(true)
      const one = await confirm(true, false)
      expect(one.score).toBeCloseTo(SCORE / 2, 6)
      expect(one.isFace).toBe(false)
      expect(await confirm(false, false)).toEqual({ score: 0, isFace: false })
    })

    it('sees a face at the edge of the frame, where the crop leaves it', async () => {
      const edge = box(-5, 0, 50, 50)
      expect((await confirm(true, true, { ...asked, box: edge, detectorBox: edge })).isFace).toBe(true)
    })

    it('believes a detector whose cards have no second look', async () => {
      const detector = createFaceDetector({ models: [{ card: shortRange, session: shortSession(() => false) }] })
      expect(await detector.confirm!(grey(320, 240), asked)).toEqual({ score: 1, isFace: true })
    })
  })

  it('asks the second model only when the first finds nothing', async () => {
    const first = shortSession((run) => run === 0)
    const second = fullSession(() => true)
    const detector = createFaceDetector({
      models: [
        { card: shortRange, session: first },
        { card: fullRange, session: second },
      ],
    })
    expect(detector.id).toBe('short+full')
    expect(await detector.detect(grey(200, 200))).toHaveLength(1)
    expect([first.runs(), second.runs()]).toEqual([1, 0])
    expect(await detector.detect(grey(200, 200))).toHaveLength(1)
    expect([first.runs(), second.runs()]).toEqual([2, 1])
  })

  it('looks at twice the frame when it finds nothing in it', async () => {
    const detector = createFaceDetector({ models: [{ card: shortRange, session: shortSession((run) => run === 1) }] })
    const [found] = await detector.detect(grey(128, 128))
    // One input pixel is two frame pixels, the input starts 64 pixels before the frame.
    expect(found!.detectorBox).toEqual({ x: -64 + 48 * 2, y: -64 + 48 * 2, width: 48, height: 48 })
  })

  it('looks at four overlapping parts of a large frame last, and answers a face in two of them once', async () => {
    const session = shortSession((run) => run >= 2)
    const detector = createFaceDetector({ models: [{ card: shortRange, session }] })
    const found = await detector.detect(grey(1000, 1000))
    expect(session.runs()).toBe(6)
    // Parts are 600 x 600 at 0 and 400; the same answer in each of them is four different faces.
    expect(found.map((f) => f.detectorBox.x).toSorted((a, b) => a - b)).toEqual([225, 225, 625, 625])

    const overlapping = sessionOf(shortRange, shortHeads, (_, run) => {
      const outputs = noFaces(896)
      // The middle of the frame, seen from the upper left part and from the lower right one.
      if (run === 2) putFace(outputs, 2 * (13 * 16 + 13), 3, [500 / 4.6875 - 108, 500 / 4.6875 - 108, ...face.slice(2)])
      if (run === 5) putFace(outputs, 2 * (2 * 16 + 2), 3, [100 / 4.6875 - 20, 100 / 4.6875 - 20, ...face.slice(2)])
      return outputs
    })
    const once = await createFaceDetector({ models: [{ card: shortRange, session: overlapping }] }).detect(
      grey(1000, 1000),
    )
    expect(once).toHaveLength(1)
    expect(once[0]!.detectorBox.x + once[0]!.detectorBox.width / 2).toBeCloseTo(500, 3)
  })

  it('answers an empty array where there is no face', async () => {
    const session = shortSession(() => false)
    const detector = createFaceDetector({ models: [{ card: shortRange, session }] })
    expect(await detector.detect(grey(320, 240))).toEqual([])
    expect(session.runs()).toBe(2)
    expect(await detector.detect(grey(1, 1))).toEqual([])
  })

  it('drops what lies in the border of the letterbox', async () => {
    const session = sessionOf(shortRange, shortHeads, () => {
      const outputs = noFaces(896)
      putFace(outputs, 0, 3, face)
      return outputs
    })
    const detector = createFaceDetector({ models: [{ card: shortRange, session }] })
    expect(await detector.detect(grey(512, 128))).toEqual([])
  })

  it('answers at most twenty faces, best first', async () => {
    const session = sessionOf(fullRange, fullHeads, () => {
      const outputs = noFaces(2304)
      const small = face.map((value) => value / 12)
      for (let i = 0; i < 2304; i++) putFace(outputs, i, 1 + i / 2304, small)
      return outputs
    })
    const found = await createFaceDetector({ models: [{ card: fullRange, session }] }).detect(grey(192, 192))
    expect(found).toHaveLength(MAX_FACES)
    found.slice(1).forEach((f, i) => {
      expect(f.score).toBeLessThanOrEqual(found[i]!.score)
    })
  })

  it('feeds YuNet from the top left, BGR', async () => {
    let fed: Float32Array | undefined
    const heads = createYuNetDecoder(yunet, yunet.decoder.strides).heads
    const session = sessionOf(yunet, heads, (input) => {
      fed ??= input.data
      return Object.fromEntries(heads.map(({ name, rows, columns }) => [name, tensor(rows, columns)]))
    })
    const data = new Uint8Array(64 * 48 * 3)
    for (let i = 0; i < data.length; i += 3) data.set([10, 20, 30], i)
    await createFaceDetector({ models: [{ card: yunet, session }] }).detect(
      createFrame({ data, width: 64, height: 48 }),
    )
    const area = 64 * 96
    expect([fed![0], fed![area], fed![2 * area]]).toEqual([30, 20, 10])
    // The frame ends after 48 of 96 rows.
    expect([fed![47 * 64], fed![48 * 64]]).toEqual([30, 0])
  })

  it.each([
    ['another input', { inputs: [{ name: 'input', dims: [1, 3, 96, 96], type: 'float32' }] }],
    ['no such input', { inputs: [{ name: 'image', dims: [1, 3, 128, 128], type: 'float32' }] }],
    ['other anchors', { outputs: [{ name: 'boxes', dims: [1, 2304, 16], type: 'float32' }] }],
    ['no scores', { outputs: [{ name: 'boxes', dims: [1, 896, 16], type: 'float32' }] }],
  ])('refuses a card whose network has %s', (_, wrong) => {
    const session = { ...shortSession(() => false), ...wrong }
    expect(() => createFaceDetector({ models: [{ card: shortRange, session }] })).toThrow(
      expect.objectContaining({ code: 'CARD_INVALID' }),
    )
  })

  it('fails where the network answers NaN, another shape, or not at all', async () => {
    const answers = [
      () => ({ ...noFaces(896), scores: tensor(896, 1, new Float32Array(896).fill(Number.NaN)) }),
      () => ({ ...noFaces(896), boxes: tensor(895, 16) }),
      () => {
        throw new Error('out of memory')
      },
    ]
    for (const answer of answers) {
      const session = sessionOf(shortRange, shortHeads, answer)
      const detector = createFaceDetector({ models: [{ card: shortRange, session }] })
      await expect(detector.detect(grey(64, 64))).rejects.toMatchObject({ code: 'MODEL_OUTPUT' })
    }
  })

  it('refuses no models, unknown options and thresholds out of range', () => {
    const models = [{ card: shortRange, session: shortSession(() => false) }]
    for (const options of [{ models: [] }, { models, treshold: 1 }, { models, scoreThreshold: 1 }]) {
      expect(() => createFaceDetector(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  })

  it('uses the threshold that is given instead of the card', async () => {
    const models = [{ card: shortRange, session: shortSession(() => true) }]
    expect(await createFaceDetector({ models, scoreThreshold: 0.96 }).detect(grey(64, 64))).toEqual([])
    expect(await createFaceDetector({ models, scoreThreshold: 0.94 }).detect(grey(64, 64))).toHaveLength(1)
  })

  it('closes its sessions once and refuses to detect afterwards', async () => {
    const session = shortSession(() => true)
    const detector = createFaceDetector({ models: [{ card: shortRange, session }] })
    await Promise.all([detector.close(), detector.close()])
    expect(session.closed()).toBe(true)
    await expect(detector.detect(grey(64, 64))).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
