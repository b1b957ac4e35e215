import { describe, expect, it } from 'vitest'
import type { DepthFrame } from '../depth-frame.ts'
import { DEPTH_BOUNDS, type Depth, measureDepth, measureSessionDepth } from '../measure-depth.ts'
import { noseParallax } from '../planarity.ts'
import { type Scene, scene } from './scenes.ts'

function measure(kind: 'move-closer' | 'turn-left', before: readonly Scene[], after: readonly Scene[]): Depth {
  const frames = [...before, ...after].map(scene)
  return measureDepth(frames, {
    kind,
    before: before.map((_, i) => i),
    after: after.map((_, i) => before.length + i),
  })
}

/** What a cue says. */
function cue(depth: Depth, name: string): string | undefined {
  return depth.cues.find((found) => found.name === name)?.verdict
}

/** A person looks a little different in every frame; a still does not. */
const PERSON = [{ face: 1 }, { face: 2 }, { face: 3 }, { face: 4 }] as const

describe('measureDepth, moving closer', () => {
  const before = PERSON.slice(0, 2).map((looks) => ({ ...looks, half: 30 }))

  it('calls a person before a room that stays deep', () => {
    for (const room of [1, 1.05, 1.1]) {
      const depth = measure(
        'move-closer',
        before,
        PERSON.slice(2).map((looks) => ({ ...looks, half: 40, room })),
      )
      expect(depth.verdict).toBe('deep')
      expect(cue(depth, 'background-growth')).toBe('deep')
    }
  })

  it('calls an image that grows as a whole flat, even if the face changes', () => {
    const depth = measure(
      'move-closer',
      before,
      PERSON.slice(2).map((looks) => ({ ...looks, half: 40, room: 4 / 3 })),
    )
    expect(depth.verdict).toBe('flat')
    expect(cue(depth, 'background-growth')).toBe('flat')
  })

  it('calls one still cut out and enlarged before a room that stays flat: a cue that denies outweighs one that confirms', () => {
    const depth = measure('move-closer', [{ half: 30 }, { half: 30 }], [{ half: 40 }, { half: 40 }])
    expect(cue(depth, 'background-growth')).toBe('deep')
    expect(cue(depth, 'one-still')).toBe('flat')
    expect(depth.verdict).toBe('flat')
  })

  it('says nothing before a bare wall', () => {
    const bare = (looks: object, half: number): Scene => ({ ...looks, half, contrast: 1 })
    const depth = measure(
      'move-closer',
      PERSON.slice(0, 2).map((looks) => bare(looks, 30)),
      PERSON.slice(2).map((looks) => bare(looks, 40)),
    )
    expect(depth.verdict).toBe('unknown')
    expect(depth.cues.map(({ verdict }) => verdict)).toEqual(['unknown', 'unknown'])
  })

  it('says nothing where the person hides the room', () => {
    const close = (looks: object, half: number): Scene => ({ ...looks, half })
    const depth = measure(
      'move-closer',
      PERSON.slice(0, 2).map((looks) => close(looks, 110)),
      PERSON.slice(2).map((looks) => close(looks, 140)),
    )
    expect(cue(depth, 'background-growth')).toBe('unknown')
  })
})

describe('measureDepth, turning', () => {
  const straight = PERSON.slice(0, 2).map((looks) => ({ ...looks, half: 34 }))
  const turned = (yaw: number, depth: number): Scene[] =>
    PERSON.slice(2).map((looks) => ({ ...looks, half: 34, yaw, depth }))

  it.each([0.3, 0.45, -0.3, -0.45])('calls a head turned by %d radians deep', (yaw) => {
    expect(measure('turn-left', straight, turned(yaw, 1)).verdict).toBe('deep')
  })

  it.each([0.3, 0.6, -0.6])('calls a plane turned by %d radians flat', (yaw) => {
    const flat = straight.map((frame) => ({ ...frame, depth: 0 }))
    expect(measure('turn-left', flat, turned(yaw, 0)).verdict).toBe('flat')
  })

  it('calls a still that is turned as a head would be flat', () => {
    // The face itself stays as it is: what a warp of one image does to it is smooth.
    const depth = measure(
      'turn-left',
      [{ half: 34 }, { half: 34 }],
      [
        { half: 34, yaw: 0.4 },
        { half: 34, yaw: 0.4 },
      ],
    )
    expect(cue(depth, 'nose-parallax')).toBe('deep')
    expect(depth.verdict).toBe('flat')
  })
})

describe('measureSessionDepth', () => {
  const held = PERSON.slice(0, 2).map((looks) => scene({ ...looks, half: 30 }))
  const closer = (contrast: number, room = 1): DepthFrame[] =>
    PERSON.slice(2).map((looks) => scene({ ...looks, half: 40, room, contrast }))
  const turned = PERSON.slice(2).map((looks) => scene({ ...looks, half: 30, yaw: 0.4 }))
  const verdict = (first: DepthFrame[]): string =>
    measureSessionDepth(
      [...held, ...first, ...turned],
      [0, 1],
      [
        { kind: 'move-closer', frames: [2, 3] },
        { kind: 'turn-left', frames: [4, 5] },
      ],
    ).verdict

  it('is deep where one movement is and the other says nothing', () => {
    expect(
      verdict(
        [held[0]!, held[1]!].map((frame) => ({
          ...frame,
          room: { ...frame.room, data: frame.room.data.map(() => 9) },
        })),
      ),
    ).toBe('deep')
  })

  it('is flat where one movement is, whatever the other says', () => {
    expect(verdict(closer(40, 4 / 3))).toBe('flat')
  })

  it('says nothing without movements', () => {
    expect(measureSessionDepth(held, [0, 1], [])).toEqual({ verdict: 'unknown', cues: [] })
  })
})

describe('measureDepth without meshes', () => {
  it('says nothing', () => {
    const step = { kind: 'turn-left', before: [0, 1], after: [2] } as const
    const frame: DepthFrame = scene({ half: 30 })
    expect(measureDepth([undefined, undefined, frame], step)).toEqual({ verdict: 'unknown', cues: [] })
    expect(measureDepth([frame, frame, undefined], step)).toEqual({ verdict: 'unknown', cues: [] })
  })
})

describe('noseParallax', () => {
  it('grows with the angle, and not with the size of the face', () => {
    const frontal = scene({ half: 30 }).mesh
    const at = (yaw: number, half: number): number => noseParallax(frontal, scene({ half, yaw }).mesh)!
    const values = [0.1, 0.2, 0.3, 0.4].map((yaw) => at(yaw, 30))
    expect([...values].sort((a, b) => a - b)).toEqual(values)
    expect(at(0.4, 60)).toBeCloseTo(at(0.4, 30), 9)
    expect(at(0.3, 30)).toBeGreaterThan(DEPTH_BOUNDS.nose.deep)
  })
})
