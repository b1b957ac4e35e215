import { readFileSync } from 'node:fs'
import { createLiveness } from '@unspoof/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTINUITY_BOUNDS, type ContinuityFrame, continuityFrame, likenessOf } from '../frames/continuity.ts'
import { fromJpeg } from './scene.ts'
import { type HeadShape, turnHead } from './turned-head.ts'

const HEADS: Record<string, HeadShape> = {
  flat: { halfWidth: 2.5, halfHeight: 3.6, depth: 2, nose: 0.5, mouth: 0.1, neck: 3 },
  deep: { halfWidth: 2.4, halfHeight: 3.3, depth: 3, nose: 0.8, mouth: 0.3, neck: 1.5 },
}

describe('a head that turns in steps of ten degrees', () => {
  let liveness: Awaited<ReturnType<typeof createLiveness>>
  beforeAll(async () => {
    liveness = await createLiveness()
  })
  afterAll(() => liveness?.close())

  it.each([
    ['flat', 1],
    ['flat', -1],
    ['deep', 1],
    ['deep', -1],
  ])('stays one face: %s, to side %d', async (head, side) => {
    const frame = await fromJpeg(readFileSync('fixtures/astronaut.jpg'))
    const { face } = await liveness.check(frame, { crops: 1 })
    const frames: ContinuityFrame[] = []
    for (const degrees of [0, 10, 20, 30]) {
      const turned = turnHead(frame, face!, (side * degrees * Math.PI) / 180, HEADS[head]!)
      frames.push(continuityFrame(turned, (await liveness.check(turned, { crops: 1 })).face)!)
    }
    // It is turned, and seen to be.
    expect((frames[3]!.face.yaw - frames[0]!.face.yaw) * side).toBeGreaterThan(0.3)
    for (const i of [1, 2, 3]) expect(likenessOf(frames, i)).toBeGreaterThan(0.7)
    // From the beginning to the end at once, too.
    expect(likenessOf([frames[0]!, frames[3]!], 1)).toBeGreaterThan(CONTINUITY_BOUNDS.likeness + 0.05)
  })
})
