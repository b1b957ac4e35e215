/** Pictures judged by two worker processes over a real Redis. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasRedis, RedisServer } from '@unspoof/test-utils/redis-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeAll } from '../../examples/bulk/src/produce.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isBuilt = ['core', 'node'].every((name) => existsSync(`${root}/packages/${name}/dist/index.js`))
if (!isBuilt) console.warn('The packages are not built: the bulk example is not tested.')

describe.skipIf(!hasRedis || !isBuilt)('bulk checks', () => {
  const workers: ChildProcess[] = []
  let redis: RedisServer
  let folder: string

  beforeAll(async () => {
    redis = await RedisServer.start()
    process.env.REDIS_PORT = String(redis.port)
    folder = await mkdtemp(join(tmpdir(), 'bulk-'))
    await Promise.all([startWorker(), startWorker()])
  })

  afterAll(async () => {
    for (const child of workers) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function startWorker(): Promise<void> {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../examples/bulk/src/worker.js', import.meta.url))],
      {
        env: { ...process.env, WORKERS: '1', NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    workers.push(child)
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The worker ended with ${code}.`))),
    ])
  }

  it('says how it is called where there are no pictures', async () => {
    const child = spawn(process.execPath, [
      fileURLToPath(new URL('../../examples/bulk/src/produce.js', import.meta.url)),
      '/nowhere',
    ])
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    const [code] = await once(child, 'close')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^No pictures in .*nowhere\. Usage: node .*\n$/)
  })

  it('every picture gets its verdict or its code, in order; only paths and verdicts are in Redis', async () => {
    const face = join(root, 'fixtures/astronaut.jpg')
    const broken = join(folder, 'broken.jpg')
    await writeFile(broken, 'no picture')
    const paths = [...Array.from({ length: 12 }, () => face), broken, join(folder, 'missing.jpg')]
    const results = await judgeAll(paths)
    expect(results.map(({ path }) => path)).toEqual(paths)
    for (const result of results.slice(0, 12)) {
      expect(result).toEqual({ path: face, verdict: 'live', reasons: [] })
    }
    expect(results.slice(12).map(({ error }) => error)).toEqual(['IMAGE_TYPE', 'INPUT_UNREADABLE'])

    const client = await redis.connected()
    const jobs: Record<string, string>[] = []
    for (const key of await client.keys('bull:liveness:*')) {
      if (/:\d+$/.test(key)) jobs.push(await client.hgetall(key))
    }
    expect(jobs).toHaveLength(14)
    for (const job of jobs) {
      expect(Object.keys(JSON.parse(job.data!))).toEqual(['path'])
      expect(JSON.stringify(job).length).toBeLessThan(2500)
      expect(`${job.returnvalue} ${job.failedReason}`).not.toMatch(/prob|score|stability|threshold/i)
      // What cannot get better is not tried again.
      expect(job.atm).toBe('1')
    }
  })

  it('a worker that is told to stop ends by itself, and the other goes on', async () => {
    const exited = once(workers[1]!, 'exit')
    workers[1]!.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    const face = join(root, 'fixtures/astronaut.jpg')
    expect((await judgeAll([face, face])).map(({ verdict }) => verdict)).toEqual(['live', 'live'])
  })
})
