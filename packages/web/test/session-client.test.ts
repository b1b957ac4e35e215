import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLiveness, decodeImage } from '@unspoof/node'
import { createSessionHandler, createSessions, type Sessions, toNodeHandler } from '@unspoof/session'
import { makeClip } from '@unspoof/test-utils/camera-clip'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CapturedFrame, createSessionClient, type SessionTicket } from '../src/session-client.ts'

describe('createSessionClient against the real handler', { timeout: 60_000 }, () => {
  let server: Server
  let url: string
  let sessions: Sessions
  let frames: Blob[]
  let close: () => Promise<void>

  beforeAll(async () => {
    const liveness = await createLiveness()
    close = () => liveness.close()
    sessions = createSessions({ liveness, decode: (jpeg) => decodeImage(jpeg), landmarker: null, challenges: [] })
    const handler = createSessionHandler(sessions, {
      basePath: '/liveness',
      subject: (request) => request.headers.get('x-user') ?? undefined,
    })
    server = createServer(toNodeHandler(handler))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/liveness/sessions`
    frames = await framesOf(await makeClip({ frames: 30 }))
  })
  afterAll(async () => {
    server?.closeAllConnections()
    server?.close()
    await close?.()
  })

  const client = (user = 'ada') => createSessionClient({ url, headers: async () => ({ 'x-user': user }) })

  /** Takes the held frames, tells their digests, and waits as a camera does: frames cannot have been taken in the future. */
  async function take(ticket: SessionTicket): Promise<CapturedFrame[]> {
    const { holdFrames, intervalMs } = ticket.capture
    const taken = Array.from({ length: holdFrames }, (_, i) => ({
      timeMs: 200 + Math.round(i * intervalMs * (1 + 0.05 * Math.sin(i))),
      jpeg: frames[i]!,
    }))
    await new Promise((resolve) => setTimeout(resolve, 400 + holdFrames * intervalMs * 1.1))
    expect(await client().commit(ticket, { index: 0, first: 0, frames: taken })).toMatchObject({ step: null })
    return taken
  }

  it('gets a verdict and nothing that helps an attacker', async () => {
    const ticket = await client().start()
    expect(ticket.expiresAt - ticket.receivedAt).toBeGreaterThan(10_000)
    const taken = await take(ticket)
    const result = await client().submit(ticket, taken, {
      track: { label: 'x'.repeat(500), width: 640, height: 480, frameRate: 30, facingMode: undefined },
    })
    expect(['live', 'spoof', 'retry']).toContain(result.verdict)
    expect(JSON.stringify(result)).not.toMatch(/prob|score|logit|threshold/i)
    await expect(client().submit(ticket, taken)).rejects.toMatchObject({ code: 'SESSION_USED' })
  })

  it('gets the server’s refusals as codes', async () => {
    const ticket = await client().start()
    await expect(client().submit(ticket, [])).rejects.toMatchObject({ code: 'FRAMES_INVALID' })
    const taken = await take(ticket)
    await expect(client('eve').submit(ticket, taken)).rejects.toMatchObject({ code: 'SESSION_UNKNOWN' })
    await expect(client().submit({ ...ticket, nonce: 'A'.repeat(22) }, taken)).rejects.toMatchObject({
      code: 'NONCE_MISMATCH',
    })
    await expect(createSessionClient({ url }).start()).rejects.toMatchObject({ status: 401 })
  })

  it('sends a commit again whose answer was lost, and says which server speaks another version', async () => {
    const ticket = await client().start()
    let lost = 0
    const flaky = createSessionClient({
      url,
      headers: { 'x-user': 'ada' },
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (String(input).endsWith('/commits') && lost++ === 0) throw new TypeError('network')
        return response
      },
    })
    const taken = ticket.capture.holdFrames
    const shots = Array.from({ length: taken }, (_, i) => ({ timeMs: 250 * i, jpeg: frames[i]! }))
    expect(await flaky.commit(ticket, { index: 0, first: 0, frames: shots })).toMatchObject({ step: null })
    expect(lost).toBe(2)
    const old = createSessionClient({ url, fetch: async () => Response.json({ version: 1, id: 'x' }, { status: 201 }) })
    await expect(old.start()).rejects.toMatchObject({ code: 'PROTOCOL_VERSION' })
  })

  it('tells a server that is gone from a caller who gave up', async () => {
    const gone = createSessionClient({ url: 'http://127.0.0.1:9/liveness/sessions' })
    await expect(gone.start()).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
    await expect(client().start(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
    // A proxy, a wrong address, and a single-page application that answers everything with its page.
    for (const status of [502, 404, 200]) {
      for (const body of ['<html>', '"fine"', 'null', '', '{"error":null}', '{"error":"Not Found"}']) {
        const other = createSessionClient({ url, fetch: async () => new Response(body, { status }) })
        const wrong = status < 500 && (body === '<html>' || body === '')
        await expect(other.start(), `${status} ${body}`).rejects.toMatchObject({
          code: wrong ? 'SERVER_INVALID' : 'NETWORK',
        })
      }
      const html = createSessionClient({ url, fetch: async () => new Response('<html>', { status }) })
      await expect(html.start()).rejects.toThrow(`(${status}): check session.url`)
    }
    const busy = createSessionClient({
      url,
      fetch: async () =>
        Response.json(
          { error: { code: 'ATTEMPTS_EXCEEDED', message: 'x' } },
          { status: 429, headers: { 'retry-after': '30' } },
        ),
    })
    await expect(busy.start()).rejects.toMatchObject({ code: 'ATTEMPTS_EXCEEDED', retryAfter: 30 })
    expect(() => createSessionClient({ base: url } as never)).toThrow(/base/)
  })
})

/** Cuts a file of JPEG after JPEG. */
async function framesOf(path: string): Promise<Blob[]> {
  const bytes = await readFile(path)
  const starts: number[] = []
  for (let at = bytes.indexOf('ffd8ff', 0, 'hex'); at >= 0; at = bytes.indexOf('ffd8ff', at + 3, 'hex')) starts.push(at)
  return starts.map(
    (start, i) => new Blob([bytes.subarray(start, starts[i + 1] ?? bytes.length)], { type: 'image/jpeg' }),
  )
}
