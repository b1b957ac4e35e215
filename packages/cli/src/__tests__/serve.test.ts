import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import { ERROR_CODES } from '@unspoof/core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHECK_ERRORS } from '../serve/openapi.ts'
import { FACE, spawnUnspoof, unspoof } from './run.ts'

/** The parts of the document that are looked at. */
interface OpenApi {
  readonly openapi: string
  readonly paths: Record<string, { readonly post: { readonly responses: Record<number, object> } }>
  readonly components: {
    readonly schemas: {
      readonly Verdict: {
        readonly required: string[]
        readonly properties: { readonly verdict: { readonly enum: string[] } }
      }
      readonly Error: {
        readonly properties: {
          readonly error: {
            readonly required: string[]
            readonly properties: { readonly code: { readonly enum: string[] } }
          }
        }
      }
    }
  }
}

interface Served {
  readonly base: string
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly stderr: () => string
  readonly stdout: () => string
}

/** Starts the server on a free port and waits until it is ready. */
async function serve(args: readonly string[] = []): Promise<Served> {
  const child = spawnUnspoof(['serve', '--port', '0', '--workers', '1', ...args]) as Served['child']
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (/Listening on \S+/.test(stdout)) resolve()
    })
    child.on('exit', () => reject(new Error(stderr)))
  })
  const base = /Listening on (\S+)/.exec(stdout)![1]!
  for (let i = 0; i < 300; i++) {
    if ((await fetch(`${base}/readyz`)).ok) return { base, child, stderr: () => stderr, stdout: () => stdout }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('The server did not become ready.')
}

async function stop({ child }: Served): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  return code as number | null
}

let served: Served
let face: Buffer
let black: Buffer
beforeAll(async () => {
  face = await readFile(FACE)
  black = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#000' } })
    .jpeg()
    .toBuffer()
  served = await serve(['--log'])
})
afterAll(() => stop(served))

function post(body: string | Uint8Array<ArrayBuffer> | FormData, type?: string): Promise<Response> {
  return fetch(`${served.base}/v1/check`, {
    method: 'POST',
    body,
    headers: type === undefined ? {} : { 'content-type': type },
  })
}

/** The document is the contract: status, content type and keys of an answer must be in it. */
async function expectDocumented(response: Response): Promise<unknown> {
  const document = (await (await fetch(`${served.base}/openapi.json`)).json()) as OpenApi
  const described = document.paths['/v1/check']!.post.responses[response.status]
  expect(described, `status ${response.status}`).toBeDefined()
  expect(response.headers.get('content-type')).toBe('application/json')
  const body = (await response.json()) as Record<string, unknown>
  const { Verdict, Error: ErrorSchema } = document.components.schemas
  if ('error' in body) {
    const error = body.error as Record<string, string>
    expect(Object.keys(error).sort()).toEqual([...ErrorSchema.properties.error.required].sort())
    expect(ErrorSchema.properties.error.properties.code.enum).toContain(error.code)
    expect(ERROR_CODES[error.code as keyof typeof ERROR_CODES].status).toBe(response.status)
  } else {
    expect(Object.keys(body).sort()).toEqual([...Verdict.required].sort())
    expect(Verdict.properties.verdict.enum).toContain(body.verdict)
  }
  // No score, threshold or stability, whatever the answer.
  expect(JSON.stringify(body)).not.toMatch(/prob|score|logit|threshold|stability/i)
  return body
}

describe('POST /v1/check', () => {
  it('takes a picture, a form and a data URL', async () => {
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(face)], { type: 'image/jpeg' }), 'a.jpg')
    const json = JSON.stringify({ image: `data:image/jpeg;base64,${face.toString('base64')}` })
    for (const response of [
      await post(new Uint8Array(face), 'image/jpeg'),
      await post(form),
      await post(json, 'application/json'),
    ]) {
      expect(response.status).toBe(200)
      expect(await expectDocumented(response)).toEqual({ verdict: 'live', code: 'LIVE', reasons: [], hint: '' })
    }
  })

  it('answers retry with what to do', async () => {
    const response = await post(new Uint8Array(black), 'image/jpeg')
    expect(response.status).toBe(422)
    expect(await expectDocumented(response)).toMatchObject({
      verdict: 'retry',
      reasons: ['no-face'],
      hint: 'Bring your face into the picture.',
    })
  })

  it.each([
    ['nothing', '', 'image/jpeg', 400, 'IMAGE_MISSING'],
    ['text called JPEG', 'hello', 'image/jpeg', 415, 'IMAGE_TYPE'],
    ['a cut JPEG', 'cut', 'image/jpeg', 422, 'IMAGE_CORRUPT'],
    ['broken JSON', '{"image":', 'application/json', 400, 'BODY_MALFORMED'],
    ['JSON without a picture', '{"verdict":"live"}', 'application/json', 400, 'IMAGE_MISSING'],
  ])('refuses %s', async (_, body, type, status, code) => {
    const response = await post(body === 'cut' ? new Uint8Array(face.subarray(0, 9000)) : body, type)
    expect(response.status).toBe(status)
    expect(await expectDocumented(response)).toMatchObject({ error: { code } })
  })

  it('refuses a body that is too large before it is sent', async () => {
    const socket = connect(Number(new URL(served.base).port), '127.0.0.1')
    socket.write(
      'POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n',
    )
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('the other routes', () => {
  it('are documented, and nothing else is there', async () => {
    const document = (await (await fetch(`${served.base}/openapi.json`)).json()) as OpenApi
    expect(document.openapi).toBe('3.1.0')
    for (const route of Object.keys(document.paths).filter((name) => name !== '/v1/check')) {
      expect((await fetch(`${served.base}${route}`)).status).toBe(200)
    }
    expect((await fetch(`${served.base}/`)).status).toBe(404)
    const wrong = await fetch(`${served.base}/v1/check`)
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await wrong.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } })
  })

  it('count what was answered', async () => {
    await post(new Uint8Array(face), 'image/jpeg')
    const text = await (await fetch(`${served.base}/metrics`)).text()
    expect(text).toMatch(/^unspoof_verdicts_total\{verdict="live"\} [1-9]/m)
    expect(text).toMatch(/^unspoof_live_probability_bucket\{model="[^"]+",le="\+Inf"\} [1-9]/m)
    expect(text).toMatch(/^unspoof_stage_seconds_count\{stage="model"\} [1-9]/m)
    expect(text).toMatch(/^unspoof_workers 1$/m)
    expect(text).not.toContain('/made/up')
  })

  it('log no path or content of a client', async () => {
    await fetch(`${served.base}/made/up/path?token=secret`)
    await post('{"secret":"value"}', 'application/json')
    const lines = served
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) expect(Object.keys(JSON.parse(line))).toEqual(['route', 'status', 'ms'])
    expect(served.stderr()).not.toMatch(/secret|made/)
  })
})

it('answers what is in flight after SIGTERM, refuses the rest, and ends with 0', async () => {
  const own = await serve()
  const checks = Array.from({ length: 8 }, () =>
    fetch(`${own.base}/v1/check`, {
      method: 'POST',
      body: new Uint8Array(face),
      headers: { 'content-type': 'image/jpeg' },
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 150))
  own.child.kill('SIGTERM')
  const answers = await Promise.allSettled(checks)
  const statuses = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.status : 'lost'))
  // Those that were there are answered; those that came after the signal are told so. None is lost.
  expect(statuses.every((status) => status === 200 || status === 503)).toBe(true)
  expect(statuses).toContain(200)
  expect(own.child.exitCode ?? (await once(own.child, 'exit'))[0]).toBe(0)
  expect(own.stderr()).toContain('Stopped.')
})

it('keeps metrics off a public address, and puts them on a port of their own', async () => {
  const own = await serve(['--host', '0.0.0.0', '--metrics-port', '0'])
  const port = new URL(own.base).port
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404)
  const metrics = /Metrics on (\S+)/.exec(own.stdout())![1]!
  expect(metrics).toMatch(/^http:\/\/127\.0\.0\.1:/)
  expect(await (await fetch(metrics)).text()).toContain('unspoof_live_probability')
  expect(await stop(own)).toBe(0)
})

it('ends with a sentence where the port is taken or the model is not there', async () => {
  const taken = await unspoof(['serve', '--port', new URL(served.base).port])
  expect(taken.code).toBe(2)
  expect(taken.stderr).toMatch(/Cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)[\s\S]*--port/)
  const missing = await unspoof(['serve', '--port', '0', '--model', 'silent-face-v2-80'], {
    env: { UNSPOOF_CACHE_DIR: '/nowhere' },
  })
  expect(missing.code).toBe(2)
  expect(missing.stderr).toContain('(MODEL_MISSING)')
})

it('documents only codes of the one table', () => {
  for (const code of CHECK_ERRORS) expect(ERROR_CODES).toHaveProperty(code)
})
