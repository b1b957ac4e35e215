/** What every runtime must do. Free of test frameworks: `for (const { name, run } of runtimeConformance(create)) test(name, run)`. */
import type { Runtime, RuntimeSession, Tensor } from '../model/runtime.ts'

export interface ConformanceCheck {
  readonly name: string
  /** Resolves where the runtime conforms, rejects with the difference where it does not. */
  readonly run: () => Promise<void>
}

/**
 * `y = 2 x + 1`, x and y n x 2: a whole ONNX model of 141 bytes (opset 13).
 * Made by `python models/convert/affine.py`.
 */
export const AFFINE_MODEL: Uint8Array = Uint8Array.from(
  atob(
    'CAcSB3Vuc3Bvb2Y6egoQCgF4CgN0d28SAWQiA011bAoQCgFkCgNvbmUSAXkiA0FkZBIGYWZmaW5lKg8IARABQgN0d29KBAAAAEAqDwgBEAFCA29uZUoEAACAP1oUCgF4Eg8KDQgBEgkKAxIBbgoCCAJiFAoBeRIPCg0IARIJCgMSAW4KAggCQgQKABAN',
  ),
  (character) => character.charCodeAt(0),
)

export function runtimeConformance(create: () => Runtime | Promise<Runtime>): ConformanceCheck[] {
  const withSession = (name: string, body: (session: RuntimeSession) => Promise<void>): ConformanceCheck => ({
    name,
    run: async () => {
      const session = await (await create()).load(AFFINE_MODEL)
      try {
        await body(session)
      } finally {
        await session.close()
      }
    },
  })
  return [
    withSession('tells names and shapes', async (session) => {
      same(
        session.inputs.map((i) => [i.name, ...i.dims]),
        [['x', null, 2]],
      )
      same(
        session.outputs.map((o) => [o.name, ...o.dims]),
        [['y', null, 2]],
      )
    }),
    withSession('runs one row and many', async (session) => {
      same(await affine(session, [1, -2]), [3, -3])
      same(await affine(session, [0, 1, 2, 3, 4, 5]), [1, 3, 5, 7, 9, 11])
    }),
    withSession('answers concurrent runs each with its own', async (session) => {
      const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => affine(session, [i, -i])))
      same(
        answers,
        Array.from({ length: 16 }, (_, i) => [2 * i + 1, 1 - 2 * i]),
      )
    }),
    withSession('passes NaN and Infinity on, for the caller to refuse', async (session) => {
      const [a, b] = await affine(session, [Number.NaN, Number.POSITIVE_INFINITY])
      same([Number.isNaN(a), b], [true, Number.POSITIVE_INFINITY])
    }),
    withSession('does not keep or change what it was fed', async (session) => {
      const x: Tensor = { data: Float32Array.of(1, 2), dims: [1, 2] }
      const first = (await session.run({ x })).y!
      x.data.fill(9)
      same([...x.data], [9, 9])
      await session.run({ x })
      same([...first.data], [3, 5])
    }),
    withSession('rejects a wrong shape and a missing input, and works afterwards', async (session) => {
      await rejects(session.run({ x: { data: Float32Array.of(1, 2, 3), dims: [1, 3] } }))
      await rejects(session.run({}))
      same(await affine(session, [1, 1]), [3, 3])
    }),
    {
      name: 'rejects bytes that are no model, and loads a good one afterwards',
      run: async () => {
        const runtime = await create()
        await rejects(runtime.load(new Uint8Array(100).fill(7)))
        await rejects(runtime.load(AFFINE_MODEL.subarray(0, 60)))
        const session = await runtime.load(AFFINE_MODEL)
        same(await affine(session, [2, 2]), [5, 5])
        await session.close()
      },
    },
    {
      name: 'closes once however often it is asked, after the runs in flight; later runs reject',
      run: async () => {
        const session = await (await create()).load(AFFINE_MODEL)
        const running = affine(session, [3, 4])
        await Promise.all([session.close(), session.close()])
        same(await running, [7, 9])
        await session.close()
        await rejects(affine(session, [1, 1]))
      },
    },
  ]
}

async function affine(session: RuntimeSession, values: readonly number[]): Promise<number[]> {
  const x: Tensor = { data: Float32Array.from(values), dims: [values.length / 2, 2] }
  const { y } = await session.run({ x })
  if (y === undefined) throw new Error('The run answered no "y".')
  same([...y.dims], [values.length / 2, 2])
  return [...y.data]
}

function same(actual: unknown, expected: unknown): void {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v))
  if (text(actual) !== text(expected)) throw new Error(`Expected ${text(expected)} but received ${text(actual)}.`)
}

async function rejects(promise: Promise<unknown>): Promise<void> {
  const rejected = await promise.then(
    () => false,
    () => true,
  )
  if (!rejected) throw new Error('Expected a rejection.')
}
