/** The same two routes on every kind of server: /login requires a live face, /upload checks what there is. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Controller, type INestApplication, Module, Post, Req, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { livenessMiddleware } from '@unspoof/express'
import { livenessPlugin } from '@unspoof/fastify'
import {
  type HttpLiveness,
  type HttpLivenessOptions,
  livenessHandler,
  type RequestLiveness,
  type Upload,
} from '@unspoof/http'
import { LivenessGuard, LivenessModule, LivenessOptions } from '@unspoof/nestjs'
import type { LivenessPool } from '@unspoof/node'
import express from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import { createRestServer } from '../../packages/cli/src/serve/server.ts'

export interface ServerOptions extends Omit<HttpLivenessOptions<never>, 'required' | 'session' | 'clientKey'> {
  /** Each framework has a request of its own. */
  // biome-ignore lint/suspicious/noExplicitAny: what all of them have in common are headers
  readonly clientKey?: (request: any) => string | undefined
}

export interface TestServer {
  readonly port: number
  readonly url: string
  close(): Promise<void>
}

/** What a handler saw: every test can compare it with what it sent. */
export interface Seen {
  readonly verdict: string
  readonly judged: readonly (string | undefined)[]
  readonly uploads: readonly { readonly fieldname: string; readonly originalname: string; readonly sha256: string }[]
  readonly fields: unknown
  /** Whose token it was, where it was one. */
  readonly subject: string | undefined
  readonly model: string | undefined
}

function seen(liveness: RequestLiveness, body: unknown): Seen {
  return {
    verdict: liveness.verdict,
    judged: liveness.images.map(({ result }) => result.image?.sha256),
    uploads: liveness.uploads.map(({ fieldname, originalname, buffer }: Upload) => ({
      fieldname,
      originalname,
      sha256: createHash('sha256').update(buffer).digest('hex'),
    })),
    fields: Buffer.isBuffer(body) ? 'bytes' : body,
    subject: liveness.token?.subject,
    model: liveness.model[0]?.id,
  }
}

async function listening(server: Server): Promise<TestServer> {
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function expressServer(framework: typeof express) {
  return (options: ServerOptions): Promise<TestServer> => {
    const app = framework()
    app.use('/upload', livenessMiddleware({ ...options, required: false }))
    app.post('/login', livenessMiddleware(options), (req, res) => void res.json(seen(req.liveness!, req.body)))
    app.all('/upload', (req, res) => void res.json(seen(req.liveness!, req.body)))
    return listening(createServer(app))
  }
}

type NestRequest = { liveness: RequestLiveness; body: unknown }

@UseGuards(LivenessGuard)
@Controller()
class UploadController {
  @Post('login')
  login(@Req() req: NestRequest): Seen {
    return seen(req.liveness, req.body)
  }

  @LivenessOptions({ required: false })
  @Post('upload')
  upload(@Req() req: NestRequest): Seen {
    return seen(req.liveness, req.body)
  }
}

function nestServer(adapter: () => ExpressAdapter | FastifyAdapter) {
  return async (options: ServerOptions): Promise<TestServer> => {
    @Module({ imports: [LivenessModule.forRoot(options)], controllers: [UploadController] })
    class AppModule {}
    const app: INestApplication = await NestFactory.create(AppModule, adapter(), { logger: false })
    await app.listen(0, '127.0.0.1')
    const server = await listening(app.getHttpServer() as Server)
    return {
      ...server,
      close: async () => {
        ;(app.getHttpServer() as Server).closeAllConnections()
        await app.close()
      },
    }
  }
}

async function fastifyServer(options: ServerOptions): Promise<TestServer> {
  const app = fastify()
  await app.register(livenessPlugin, options)
  app.post('/login', { config: { liveness: true } }, async (req) => seen(req.liveness!, req.body))
  app.post('/upload', { config: { liveness: { required: false } } }, async (req) => seen(req.liveness!, req.body))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    ...(await listening(app.server)),
    close: async () => {
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

/** `Readable.toWeb` of Node 20 throws where a cancelled stream still gets a chunk. */
function webStream(req: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      req.on('data', (chunk: Buffer) => {
        controller.enqueue(chunk)
        if ((controller.desiredSize ?? 0) <= 0) req.pause()
      })
      req.on('end', () => controller.close())
      req.on('error', (error) => controller.error(error))
    },
    pull() {
      req.resume()
    },
    cancel() {
      req.removeAllListeners().on('error', () => {})
      req.resume()
    },
  })
}

/** A web-standard server in twenty lines, as the frameworks that speak Request and Response bring one. */
function webServer(options: ServerOptions): Promise<TestServer> {
  const handler = async (request: Request, liveness: RequestLiveness) => {
    const isForm = request.headers.get('content-type')?.startsWith('multipart/') ?? false
    // Node's own parser refuses file names that ours only cuts.
    const form = isForm ? await request.formData().catch(() => []) : []
    const fields = [...form].filter(([, value]) => typeof value === 'string')
    return Response.json(seen(liveness, isForm ? Object.fromEntries(fields) : undefined))
  }
  const routes: Record<string, (request: Request) => Promise<Response>> = {
    '/login': livenessHandler(handler, options),
    '/upload': livenessHandler(handler, { ...options, required: false }),
  }
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const gone = new AbortController()
    res.on('close', () => gone.abort())
    const headers = Object.entries(req.headersDistinct).flatMap(([name, values]) => values!.map((v) => [name, v]))
    const request = new Request(`http://localhost${req.url}`, {
      method: req.method,
      headers: headers as [string, string][],
      body: req.method === 'GET' || req.method === 'HEAD' ? undefined : webStream(req),
      duplex: 'half',
      signal: gone.signal,
    } as RequestInit)
    const response = await routes[req.url!]!(request)
    const body = Buffer.from(await response.arrayBuffer())
    res.writeHead(response.status, { ...Object.fromEntries(response.headers), 'content-length': body.length })
    res.end(body)
  }
  return listening(createServer((req, res) => void answer(req, res).catch(() => res.destroy())))
}

export const SERVERS: Readonly<Record<string, (options: ServerOptions) => Promise<TestServer>>> = {
  'Express 5': expressServer(express),
  'Express 4': expressServer(express4 as unknown as typeof express),
  'Nest on Express': nestServer(() => new ExpressAdapter()),
  'Nest on Fastify': nestServer(() => new FastifyAdapter()),
  Fastify: fastifyServer,
  'Request and Response': webServer,
}

/** What \`unspoof serve\` runs, in this process. Its one route for checks answers to /login, too; it tells nothing of what it judged. */
export async function restServer({ liveness }: Pick<ServerOptions, 'liveness'>): Promise<TestServer> {
  const { check } = (typeof liveness === 'function' ? await liveness() : liveness) as HttpLiveness
  const pool = { check, health: () => ({ ready: true, queued: 0, running: 0, workers: 1 }), close: async () => {} }
  const rest = await createRestServer({
    startPool: async () => pool as unknown as LivenessPool,
    metricsHere: false,
    maxConnections: 100,
    drainMs: 100,
  })
  await rest.ready
  const renamed = (name: 'request' | 'checkContinue') => (req: IncomingMessage, res: ServerResponse) => {
    if (req.url === '/login') req.url = '/v1/check'
    rest.server.emit(name, req, res)
  }
  const server = await listening(createServer(renamed('request')).on('checkContinue', renamed('checkContinue')))
  return {
    ...server,
    close: async () => {
      await server.close()
      await rest.drain()
    },
  }
}
