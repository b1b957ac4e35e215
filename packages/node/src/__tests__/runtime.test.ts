/** The runtime over onnxruntime-node: the contract, its faults, its memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLivenessError } from '@unspoof/core'
import { AFFINE_MODEL, runtimeConformance } from '@unspoof/core/testing'
import { describe, expect, it } from 'vitest'
import { hasExternalData } from '../runtime/external-data.ts'
import { missingRuntime } from '../runtime/load-ort.ts'
import type { Ort } from '../runtime/ort.ts'
import { createNodeRuntime } from '../runtime/runtime.ts'
import { createSerialQueue } from '../runtime/serial-queue.ts'
import * as onnx from './onnx.ts'

describe('the contract', () => {
  const runtimes = {
    'onnxruntime-node': () => createNodeRuntime({ runtime: 'native' }),
    'onnxruntime-node on two threads': () => createNodeRuntime({ runtime: 'native', threads: 2 }),
    'the kernels': () => createNodeRuntime({ runtime: 'wasm' }),
  }
  for (const [runtime, create] of Object.entries(runtimes)) {
    for (const { name, run } of runtimeConformance(create)) it(`${runtime}: ${name}`, run)
  }
})

const tensor = (...values: number[]) => ({ data: Float32Array.from(values), dims: [values.length / 2, 2] })

describe('createNodeRuntime', () => {
  it('refuses options it does not know and threads outside their range', () => {
    expect(() => createNodeRuntime({ thread: 2 } as never)).toThrow(/did you mean "threads"/)
    for (const threads of [0, 65, 1.5, Number.NaN, '2' as never]) {
      expect(() => createNodeRuntime({ threads })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  })

  it('maps errors by where they happen', async () => {
    const runtime = createNodeRuntime()
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error) => (isLivenessError(error) ? error.code : error),
      )
    expect(await code(runtime.load(new Uint8Array(50)))).toBe('MODEL_LOAD')
    const session = await runtime.load(AFFINE_MODEL)
    expect(await code(session.run({}))).toBe('MODEL_OUTPUT')
    expect(await code(session.run({ x: { data: Float32Array.of(1), dims: [1, 2] } }))).toBe('MODEL_OUTPUT')
    await session.close()
    expect(await code(session.run({ x: tensor(1, 2) }))).toBe('CLOSED')
  })

  it('refuses an output that is not float32', async () => {
    const session = await createNodeRuntime().load(
      onnx.model({
        inputs: [{ name: 'x', dims: ['n', 2] }],
        outputs: [{ name: 'y', dims: ['n', 2], type: onnx.INT64 }],
        nodes: [{ op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: [onnx.typeAttribute('to', onnx.INT64)] }],
      }),
    )
    expect(session.outputs).toEqual([{ name: 'y', dims: [null, 2], type: 'int64' }])
    await expect(session.run({ x: tensor(1, 2) })).rejects.toMatchObject({
      code: 'MODEL_OUTPUT',
      message: expect.stringContaining('"y"'),
    })
    await session.close()
  })

  it('lets the event loop turn between runs', async () => {
    const session = await createNodeRuntime().load(AFFINE_MODEL)
    let turns = 0
    let counting = true
    const count = () => {
      turns += 1
      if (counting) setImmediate(count)
    }
    setImmediate(count)
    await Promise.all(Array.from({ length: 20 }, () => session.run({ x: tensor(1, 2) })))
    counting = false
    // Unqueued, all 20 would run within one turn.
    expect(turns).toBeGreaterThanOrEqual(20)
    await session.close()
  })

  it('takes another copy of the library, loads it once a model is loaded, and tries again after a failure', async () => {
    const library = await import('onnxruntime-node')
    let calls = 0
    const runtime = createNodeRuntime({
      runtime: 'native',
      ort: () => {
        calls += 1
        if (calls === 1) throw new Error('cannot open shared object file')
        return library.default
      },
    })
    expect(calls).toBe(0)
    await expect(runtime.load(AFFINE_MODEL)).rejects.toMatchObject({
      code: 'RUNTIME_MISSING',
      hint: expect.stringContaining('npm install'),
    })
    await (await runtime.load(AFFINE_MODEL)).close()
  })

  // What it does was measured once: 20 runs of blazeface-full on two threads with 30 ms between cost 5 ms of processor time in the
  // pauses, and 230 ms where threads may spin. As a test that would depend on the machine; what is asked for does not.
  it('lets no thread of a session spin, and leaves none of its settings to the library', async () => {
    const library: Ort = (await import('onnxruntime-node')).default
    const asked: unknown[] = []
    const create: Ort['InferenceSession']['create'] = (...[bytes, options]: unknown[]) => {
      asked.push(options)
      return library.InferenceSession.create(bytes as Uint8Array, options as never)
    }
    const ort = { ...library, InferenceSession: { create } } as Ort
    for (const threads of [1, 2]) await (await createNodeRuntime({ threads, ort }).load(AFFINE_MODEL)).close()
    expect(asked).toEqual(
      [1, 2].map((threads) =>
        expect.objectContaining({
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          executionMode: 'sequential',
          extra: { session: { intra_op: { allow_spinning: '0' } } },
        }),
      ),
    )
  })

  it('stays flat when models are loaded and closed 200 times', { timeout: 60_000 }, async () => {
    const runtime = createNodeRuntime()
    const cycle = async (times: number) => {
      for (let i = 0; i < times; i++) {
        const session = await runtime.load(AFFINE_MODEL)
        await session.run({ x: tensor(1, 2) })
        await session.close()
      }
    }
    // What leaks grows in every round; what allocators and caches keep does so in the first ones.
    const growth: number[] = []
    for (let round = 0; round < 4; round++) {
      const before = process.memoryUsage.rss()
      await cycle(50)
      growth.push((process.memoryUsage.rss() - before) / 1e6)
    }
    expect(Math.min(...growth)).toBeLessThan(5)
  })
})

describe('the choice of a runtime', () => {
  const broken = () => {
    throw new Error('cannot open shared object file')
  }
  const affine = async (runtime: ReturnType<typeof createNodeRuntime>) => {
    const session = await runtime.load(AFFINE_MODEL)
    const { y } = await session.run({ x: tensor(1, 2) })
    await session.close()
    return [...y!.data]
  }

  it('auto takes onnxruntime-node where it loads', async () => {
    const runtime = createNodeRuntime()
    expect(await affine(runtime)).toEqual([3, 5])
    expect(runtime.name).toMatch(/^onnxruntime-node \d/)
    expect(await runtime.describe()).toEqual({
      runtime: runtime.name,
      runtimeReason: 'onnxruntime-node is installed.',
    })
  })

  it('auto takes the kernels where it does not load, and tells what the loader said', async () => {
    const runtime = createNodeRuntime({ ort: broken })
    expect(await affine(runtime)).toEqual([3, 5])
    expect(await runtime.describe()).toEqual({
      runtime: 'unspoof kernels',
      runtimeReason: expect.stringContaining('The loader says: cannot open shared object file'),
    })
    expect(runtime.name).toBe('unspoof kernels')
  })

  it('wasm takes the kernels and never loads onnxruntime-node; native takes nothing else', async () => {
    const wasm = createNodeRuntime({ runtime: 'wasm', ort: broken })
    expect(await affine(wasm)).toEqual([3, 5])
    expect(await wasm.describe()).toEqual({ runtime: 'unspoof kernels', runtimeReason: 'As the runtime option says.' })
    await expect(createNodeRuntime({ runtime: 'native', ort: broken }).load(AFFINE_MODEL)).rejects.toMatchObject({
      code: 'RUNTIME_MISSING',
    })
    expect(() => createNodeRuntime({ runtime: 'gpu' as never })).toThrow(/"auto", "native", "wasm"/)
  })

  it('the kernels name the operator that they do not have', async () => {
    const model = onnx.model({
      inputs: [{ name: 'x', dims: ['n', 2] }],
      outputs: [{ name: 'y', dims: ['n', 2] }],
      nodes: [{ op: 'Erf', inputs: ['x'], outputs: ['y'] }],
    })
    await (await createNodeRuntime({ runtime: 'native' }).load(model)).close()
    await expect(createNodeRuntime({ runtime: 'wasm' }).load(model)).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message: expect.stringContaining('Operator Erf'),
      hint: expect.stringContaining('onnxruntime-node'),
    })
  })
})

describe('weights in other files', () => {
  const inputs = [{ name: 'x', dims: [2] }]
  const outputs = [{ name: 'y', dims: [2] }]
  const add = { op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }
  const external = onnx.externalTensor('w', 'weights.bin', [2])
  const constant = (value: number[]) => ({
    op: 'Constant',
    inputs: [],
    outputs: ['w'],
    attributes: [onnx.tensorAttribute('value', value)],
  })
  const branch = (value: number[]) =>
    onnx.graph({
      inputs: [],
      outputs,
      nodes: [{ op: 'Identity', inputs: ['w'], outputs: ['y'] }],
      initializers: [value],
    })
  const hidden: [string, (value: number[]) => Uint8Array][] = [
    ['an initialiser', (value) => onnx.model({ inputs, outputs, nodes: [add], initializers: [value] })],
    ['a constant', (value) => onnx.model({ inputs, outputs, nodes: [constant(value), add] })],
    [
      'a branch',
      (value) =>
        onnx.model({
          inputs,
          outputs,
          nodes: [
            {
              op: 'If',
              inputs: ['x'],
              outputs: ['y'],
              attributes: [onnx.graphAttribute('then_branch', branch(value))],
            },
          ],
        }),
    ],
  ]
  it.each(hidden)('are found in %s', (_name, build) => {
    expect(hasExternalData(build(external))).toBe(true)
    expect(hasExternalData(build(onnx.tensor('w', [1, 2])))).toBe(false)
  })

  it('are refused, even where the file is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unspoof-external-'))
    const before = process.cwd()
    try {
      writeFileSync(join(folder, 'weights.bin'), new Uint8Array(8))
      process.chdir(folder)
      const build = hidden[0]![1]
      await expect(createNodeRuntime().load(build(external))).rejects.toMatchObject({
        code: 'MODEL_LOAD',
        message: expect.stringContaining('other files'),
      })
      const session = await createNodeRuntime().load(build(onnx.tensor('w', [1, 2])))
      expect((await session.run({ x: { data: Float32Array.of(1, 1), dims: [2] } })).y!.data).toEqual(
        Float32Array.of(2, 3),
      )
      await session.close()
    } finally {
      process.chdir(before)
      rmSync(folder, { recursive: true })
    }
  })

  it('bytes that are no model are left to the runtime', () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(100).fill(255), Uint8Array.of(0x3a, 0x80), AFFINE_MODEL]) {
      expect(hasExternalData(bytes)).toBe(false)
    }
  })
})

describe('a missing native library', () => {
  const on = (platform: string, arch: string, libc?: 'glibc' | 'musl') =>
    missingRuntime(new Error('libonnxruntime.so.1: cannot open\nmore'), { node: '22.0.0', platform, arch, libc })
  it.each([
    [on('linux', 'x64', 'glibc'), 'linux-x64 with glibc', 'npm install onnxruntime-node --ignore-scripts'],
    [on('linux', 'x64', 'musl'), 'linux-x64 with musl', "runtime: 'auto'"],
    [on('darwin', 'x64'), 'darwin-x64;', "runtime: 'auto'"],
  ])('%s', (error, found, remedy) => {
    expect(error.code).toBe('RUNTIME_MISSING')
    expect(error.message).toContain(found)
    expect(error.message).toContain('required one of linux-x64')
    expect(error.message).toMatch(/The loader says: libonnxruntime.so.1: cannot open$/)
    expect(error.hint).toContain(remedy)
  })
})

describe('createSerialQueue', () => {
  it('survives a rejected job', async () => {
    const queue = createSerialQueue()
    const order: number[] = []
    const first = queue(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      order.push(1)
      throw new Error('planted')
    })
    const second = queue(async () => order.push(2))
    await expect(first).rejects.toThrow('planted')
    await second
    expect(order).toEqual([1, 2])
  })
})
