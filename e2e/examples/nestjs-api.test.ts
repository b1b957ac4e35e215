/** The attendance API, with a stand-in for the models. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppModule } from '../../examples/nestjs-api/src/app.module.ts'

let app: NestFastifyApplication
let url: string
const liveness = fakeLiveness()

beforeAll(async () => {
  app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot({ liveness }), new FastifyAdapter(), {
    logger: false,
  })
  await app.listen(0, '127.0.0.1')
  url = `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`
})
afterAll(() => app.close())

async function checkIn(photo: Buffer, field = 'photo') {
  const form = new FormData()
  form.append(field, new Blob([photo as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }), 'a.jpg')
  return fetch(`${url}/attendance/ada`, { method: 'POST', body: form })
}

test('a live face checks in, once with the same picture', async () => {
  const photo = picture('live', 100)
  const first = await checkIn(photo)
  expect(first.status).toBe(201)
  expect(await first.json()).toEqual({ employee: 'ada', at: expect.any(String) })
  expect((await checkIn(photo)).status).toBe(409)
  expect(await (await fetch(`${url}/attendance/ada`)).json()).toEqual([{ at: expect.any(String) }])
  expect(liveness.calls[0]!.options.operatingPoint).toBe('strict')
})

test('nothing else does', async () => {
  expect((await checkIn(picture('spoof'))).status).toBe(403)
  expect((await checkIn(picture('retry'))).status).toBe(422)
  expect((await checkIn(picture('live', 101), 'other')).status).toBe(400)
  expect((await fetch(`${url}/attendance/ada`, { method: 'POST' })).status).toBe(400)
})

test('health', async () => {
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ info: { 'face-liveness': { status: 'up' } } })
})
