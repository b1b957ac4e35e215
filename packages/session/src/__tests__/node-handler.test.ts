/** toNodeHandler() event by event: what Node's own server does only now and then, and in which order (real servers: handler.test.ts). */
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type NodeRequest, type NodeResponse, type SessionHandler, toNodeHandler } from '../index.ts'

class Incoming extends EventEmitter implements NodeRequest {
  method: string | undefined = 'POST'
  url: string | undefined = '/sessions'
  headers: Record<string, string | string[] | undefined> = {}
  readableEnded = false
  complete = true
  paused = false
  destroyed = false
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  destroy(): void {
    this.destroyed = true
  }
}

class Outgoing extends EventEmitter implements NodeResponse {
  headersSent = false
  writableFinished = false
  readonly written: unknown[] = []
  writeHead(status: number, headers: Record<string, string>): void {
    this.written.push(status, headers)
  }
  end(body?: string): void {
    this.written.push(body)
  }
}

/** What the handler is asked for this request, and the answer that is written. */
async function pass(change: Partial<Incoming>, answer = new Response('ok', { status: 200 })) {
  const [req, res] = [Object.assign(new Incoming(), change), new Outgoing()]
  const asked: Request[] = []
  const handler: SessionHandler<Incoming> = async (request, context) => {
    expect(context).toBe(req)
    asked.push(request)
    return answer
  }
  await toNodeHandler(handler)(req, res)
  return { req, res, request: asked[0] }
}

describe('a request', () => {
  it('is a GET of / where Node says nothing else', async () => {
    const { request } = await pass({ method: undefined, url: undefined })
    expect([request?.method, request?.url]).toEqual(['GET', 'http://localhost/'])
  })

  it.each([
    ['GET', false, false],
    ['HEAD', false, false],
    ['POST', false, true],
    ['POST', true, false],
    ['PUT', false, true],
  ])('%s, read before: %s, has a body: %s', async (method, readableEnded, has) => {
    const { request } = await pass({ method, readableEnded })
    expect(request?.method).toBe(method)
    expect(request?.body !== null).toBe(has)
  })

  it('has the headers that are there, all of each', async () => {
    const { request } = await pass({ headers: { 'x-one': 'a', 'x-two': ['b', 'c'], 'x-none': undefined } })
    expect(Object.fromEntries(request!.headers)).toEqual({ 'x-one': 'a', 'x-two': 'b, c' })
  })
})

describe('an answer', () => {
  it('is written with its length in bytes', async () => {
    const { res } = await pass({}, new Response('ü', { status: 403, headers: { 'x-one': 'a' } }))
    expect(res.written).toEqual([
      403,
      { 'content-type': 'text/plain;charset=UTF-8', 'x-one': 'a', 'content-length': '2' },
      'ü',
    ])
  })

  it('is not written where somebody else answered meanwhile', async () => {
    const [req, res] = [new Incoming(), new Outgoing()]
    await toNodeHandler<Incoming>(async () => {
      res.headersSent = true
      return new Response('ok')
    })(req, res)
    expect(res.written).toEqual([])
  })

  it.each([
    ['who left before it was written', false, 'ABORTED'],
    ['whom it reached', true, undefined],
  ])('for a client %s', async (_, writableFinished, code) => {
    const { res, request } = await pass({})
    res.writableFinished = writableFinished
    res.emit('close')
    expect(request!.signal.aborted).toBe(code !== undefined)
    expect(request!.signal.reason?.code).toBe(code)
  })
})

describe('what is left of a refused upload', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is read for two seconds, and then cut off', async () => {
    const { req, res } = await pass({ complete: false, paused: true })
    expect(res.written[1]).not.toHaveProperty('connection')
    expect(req.paused).toBe(false)
    vi.advanceTimersByTime(1999)
    expect(req.destroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(req.destroyed).toBe(true)
  })

  it('is not waited for once the connection is closed', async () => {
    const { req } = await pass({ complete: false })
    req.emit('close')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is nothing where all of it arrived', async () => {
    const { res } = await pass({ complete: true })
    expect(res.written[1]).not.toHaveProperty('connection')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a body', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

  it('arrives chunk by chunk, up to its end', async () => {
    const { req, request } = await pass({})
    req.emit('data', bytes('a'))
    req.emit('data', bytes('b'))
    req.emit('end')
    req.emit('close')
    expect(await request!.text()).toBe('ab')
  })

  it('stops the sender while nobody reads, and only then', async () => {
    const { req, request } = await pass({})
    const reader = request!.body!.getReader()
    const first = reader.read()
    // As on a real connection: the data come later than they were asked for.
    await new Promise((resolve) => setImmediate(resolve))
    req.emit('data', bytes('a'))
    expect(new TextDecoder().decode((await first).value)).toBe('a')
    expect(req.paused).toBe(false)
    req.emit('data', bytes('b'))
    expect(req.paused).toBe(true)
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('b')
    expect(req.paused).toBe(false)
  })

  it.each([
    ['that breaks', (req: Incoming) => req.emit('error', new Error('ECONNRESET')), 'ECONNRESET'],
    ['whose connection closes', (req: Incoming) => req.emit('close'), 'The connection was closed.'],
  ])('%s before its end is an error, and what comes after it is no matter', async (_, end, message) => {
    const { req, request } = await pass({})
    end(req)
    for (const late of ['data', 'end', 'close']) expect(() => req.emit(late, bytes('x'))).not.toThrow()
    await expect(request!.text()).rejects.toThrow(message)
  })

  it('that nobody wants any more may go on arriving', async () => {
    const { req, request } = await pass({})
    req.emit('data', bytes('a'))
    await request!.body!.cancel()
    for (const late of ['data', 'end', 'close']) expect(() => req.emit(late, bytes('x'))).not.toThrow()
    expect(() => req.emit('error', new Error('ECONNRESET'))).not.toThrow()
  })
})
