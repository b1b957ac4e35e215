/** Counters of other packages before the check: they count by account, and what is over the limit costs no check. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CanActivate, Controller, type ExecutionContext, Module, Post, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler'
import { livenessMiddleware } from '@unspoof/express'
import { LivenessGuard, LivenessModule } from '@unspoof/nestjs'
import { type FakeLiveness, fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import express, { type Request } from 'express'
import { rateLimit } from 'express-rate-limit'
import { expect, test } from 'vitest'

const LIMIT = 3

async function attempt(server: Server, account: string, verdict: 'live' | 'spoof' | 'retry'): Promise<number> {
  const form = new FormData()
  form.append('photo', new Blob([new Uint8Array(picture(verdict))], { type: 'image/jpeg' }), 'a.jpg')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check-in`
  const response = await fetch(url, { method: 'POST', body: form, headers: { 'x-account': account } })
  await response.arrayBuffer()
  return response.status
}

test('express-rate-limit counts the refused attempts of an account', async () => {
  const liveness = fakeLiveness()
  const accountOf = (req: Request): string => String(req.res?.locals.account)
  const attempts = rateLimit({ windowMs: 60_000, limit: LIMIT, skipSuccessfulRequests: true, keyGenerator: accountOf })
  const app = express()
  app.use((req, res, next) => {
    res.locals.account = req.get('x-account')
    next()
  })
  app.post('/check-in', attempts, livenessMiddleware({ liveness, clientKey: accountOf }), (_, res) => {
    res.json({ ok: true })
  })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    for (let i = 0; i < LIMIT + 2; i++) expect(await attempt(server, 'ada', 'live')).toBe(200)
    expect(await attempt(server, 'ada', 'spoof')).toBe(403)
    expect(await attempt(server, 'ada', 'retry')).toBe(422)
    expect(await attempt(server, 'ada', 'spoof')).toBe(403)
    const { length } = liveness.calls
    expect(await attempt(server, 'ada', 'live')).toBe(429)
    expect(liveness.calls).toHaveLength(length)
    expect(await attempt(server, 'grace', 'live')).toBe(200)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

class LoginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest()
    request.user = { id: request.headers['x-account'] }
    return true
  }
}

class AccountThrottler extends ThrottlerGuard {
  protected override async getTracker(req: { user: { id: string } }): Promise<string> {
    return req.user.id
  }
}

@Controller('check-in')
class CheckInController {
  @UseGuards(LoginGuard, AccountThrottler, LivenessGuard)
  @Post()
  checkIn() {
    return { ok: true }
  }
}

function moduleWith(liveness: FakeLiveness) {
  @Module({
    imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: LIMIT }]), LivenessModule.forRoot({ liveness })],
    controllers: [CheckInController],
  })
  class AppModule {}
  return AppModule
}

test.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('@nestjs/throttler counts the attempts of an account, on %s', async (_, adapter) => {
  const liveness = fakeLiveness()
  const app = await NestFactory.create(moduleWith(liveness), adapter(), { logger: false })
  await app.listen(0, '127.0.0.1')
  try {
    const server: Server = app.getHttpServer()
    for (let i = 0; i < LIMIT; i++) expect(await attempt(server, 'ada', 'live')).toBe(201)
    expect(await attempt(server, 'ada', 'live')).toBe(429)
    expect(liveness.calls).toHaveLength(LIMIT)
    expect(await attempt(server, 'grace', 'live')).toBe(201)
  } finally {
    await app.close()
  }
})
