/** A session that is started on one process and finished on another, with the real models and a real Redis. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, RedisServer } from '../../../test/redis/redis-server.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const isBuilt = ['core', 'node', 'session'].every((name) => existsSync(`${root}/packages/${name}/dist/index.js`))
if (!isBuilt) console.warn('The packages are not built: the example with two processes is not tested.')

interface Started {
  readonly id: string
  readonly nonce: string
  readonly challenge: { readonly kind: string }
  readonly capture: {
    readonly frames: number
    readonly holdFrames: number
    readonly intervalMs: number
    readonly width: number
    readonly height: number
  }
}

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
    const child = spawn(process.execPath, [fileURLToPath(new URL('../server.js', import.meta.url))], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    servers.push(child)
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The server ended with ${code}.`))),
    ])
    return `http://127.0.0.1:${port}/liveness/sessions`
  }

  it('a session started on one is judged on the other, once, and read on the first', async () => {
    const headers = { 'x-demo-user': 'ada' }
    const began = performance.now()
    const response = await fetch(one, { method: 'POST', headers })
    expect(response.status).toBe(201)
    const started = (await response.json()) as Started
    expect(started.challenge.kind).toBe('move-closer')

    const body = await film(started)
    // The frames say that they were taken over three seconds: the server's clock must agree.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 3200 - (performance.now() - began))))
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
      'challenge-failed',
      'frozen-frames',
      'face-changed',
    ]) {
      expect(verdict.reasons).not.toContain(reason)
    }

    const again = await fetch(`${one}/${started.id}/frames`, { method: 'POST', headers, body: await film(started) })
    expect([again.status, await again.json()]).toMatchObject([409, { error: { code: 'SESSION_USED' } }])

    const backend = { headers: { authorization: 'Bearer backend' } }
    const result = await fetch(`${one}/${started.id}/result?subject=ada`, backend)
    expect([result.status, await result.json()]).toMatchObject([
      200,
      { verdict: verdict.verdict, reasons: verdict.reasons, challenge: 'move-closer', subject: 'ada' },
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
    expect((await fetch(two, { method: 'POST', headers: { 'x-demo-user': 'ada' } })).status).toBe(201)
  })
})

/** A real face that comes closer, a little elsewhere and with other noise in every frame. */
async function film({ nonce, capture }: Started): Promise<FormData> {
  const picture = readFileSync(`${root}/fixtures/astronaut.jpg`)
  const { width, height } = await sharp(picture).metadata()
  const shots = await Promise.all(
    Array.from({ length: capture.frames }, async (_, index) => {
      const zoom = 1 + 0.4 * Math.min(1, Math.max(0, index - capture.holdFrames) / 4)
      const side = Math.round((Math.min(width, height) * 0.9) / zoom)
      // Around the face, which is in the upper middle of the picture.
      const left = Math.min(width - side, Math.max(0, Math.round(width * 0.44 - side / 2 + 7 * Math.sin(index * 1.7))))
      const top = Math.min(height - side, Math.max(0, Math.round(height * 0.25 - side / 3 + 6 * Math.cos(index * 1.3))))
      const { data, info } = await sharp(picture)
        .extract({ left, top, width: side, height: Math.round((side * 3) / 4) })
        .resize(capture.width, capture.height)
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true })
      for (let i = 0; i < data.length; i++)
        data[i] = Math.max(0, Math.min(255, data[i]! + (Math.random() + Math.random() - 1) * 5))
      const jpeg = await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
        .jpeg({ quality: 92 })
        .toBuffer()
      return { jpeg, index, timeMs: Math.round(200 + index * (capture.intervalMs + 4) + Math.random() * 6) }
    }),
  )
  const form = new FormData()
  const frames = shots.map(({ jpeg, index, timeMs }) => ({
    index,
    timeMs,
    digest: createHash('sha256').update(`${nonce}.${index}.${timeMs}.`).update(jpeg).digest('hex'),
  }))
  form.append('meta', JSON.stringify({ version: 1, nonce, frames }))
  for (const { jpeg } of shots)
    form.append('frames', new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }), 'frame.jpg')
  return form
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
