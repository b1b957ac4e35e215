/** A session that is started on one process and finished on another, with the real models and a real Redis. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort } from '@unspoof/test-utils/free-port'
import { hasRedis, RedisServer } from '@unspoof/test-utils/redis-server'
import { type Committed, film, formOf, type Started } from '@unspoof/test-utils/session-frames'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isBuilt = ['core', 'node', 'session'].every((name) => existsSync(`${root}/packages/${name}/dist/index.js`))
if (!isBuilt) console.warn('The packages are not built: the example with two processes is not tested.')

describe.skipIf(!hasRedis || !isBuilt)('two processes, one Redis', () => {
  const servers: ChildProcess[] = []
  let redis: RedisServer
  let one: string
  let two: string

  beforeAll(async () => {
    redis = await RedisServer.start()
    const bases = await Promise.all([serve(), serve()])
    one = bases[0]!
    two = bases[1]!
  })

  afterAll(async () => {
    for (const child of servers) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }
    await redis?.stop()
  })

  async function serve(): Promise<string> {
    const port = await freePort()
    const env = {
      ...process.env,
      PORT: String(port),
      REDIS_PORT: String(redis.port),
      SECRET: 'x'.repeat(32),
      BACKEND_KEY: 'backend',
      NODE_OPTIONS: '',
    }
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../examples/session-two-processes/server.js', import.meta.url))],
      {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    servers.push(child)
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The server ended with ${code}.`))),
    ])
    return `http://127.0.0.1:${port}/liveness/sessions`
  }

  it('a session started on one is judged on the other, once, and read on the first', async () => {
    const headers = { 'x-demo-user': 'ada' }
    const response = await fetch(one, { method: 'POST', headers, body: '{"version":2}' })
    expect(response.status).toBe(201)
    const started = (await response.json()) as Started
    // Each step is committed to the other server.
    const steps: string[] = []
    const frames = await film(started, async (commit) => {
      const url = `${steps.length % 2 === 0 ? two : one}/${started.id}/commits`
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(commit) })
      const next = (await answer.json()) as Committed
      if (next.step !== null) steps.push(next.step.kind)
      return next
    })
    expect(steps).toEqual(['move-closer'])

    const body = formOf(frames)
    const answer = await fetch(`${two}/${started.id}/frames`, { method: 'POST', headers, body })
    const verdict = (await answer.json()) as { verdict: string; reasons: string[] }
    // A photo that is zoomed into is what it is; what counts here is that every frame was found, followed and judged.
    expect([200, 403, 422]).toContain(answer.status)
    expect(['live', 'spoof', 'retry']).toContain(verdict.verdict)
    for (const reason of [
      'no-face',
      'too-few-frames',
      'frame-order',
      'frame-timing',
      'frozen-frames',
      'face-changed',
    ]) {
      expect(verdict.reasons).not.toContain(reason)
    }

    const again = await fetch(`${one}/${started.id}/frames`, {
      method: 'POST',
      headers,
      body: formOf(frames),
    })
    expect([again.status, await again.json()]).toMatchObject([409, { error: { code: 'SESSION_USED' } }])

    const backend = { headers: { authorization: 'Bearer backend' } }
    const result = await fetch(`${one}/${started.id}/result?subject=ada`, backend)
    expect([result.status, await result.json()]).toMatchObject([
      200,
      { verdict: verdict.verdict, reasons: verdict.reasons, steps: ['move-closer'], subject: 'ada' },
    ])
    expect((await fetch(`${two}/${started.id}/result?subject=ada`, backend)).status).toBe(409)
    expect((await fetch(`${two}/${started.id}/result?subject=ada`)).status).toBe(404)
  })

  it('a server that is told to stop ends by itself, without an error', async () => {
    const server = servers[0]!
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    // The other goes on.
    expect(
      (await fetch(two, { method: 'POST', body: '{"version":2}', headers: { 'x-demo-user': 'ada' } })).status,
    ).toBe(201)
  })
})
