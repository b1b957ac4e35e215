/** The login, with a stand-in for the models: what counts here is who comes in. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../examples/express-api/src/app.js'

let server: Server
let url: string

beforeAll(async () => {
  server = createServer(createApp({ liveness: fakeLiveness() }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function login(password: string, photo?: Buffer) {
  const form = new FormData()
  form.append('name', 'ada')
  form.append('password', password)
  if (photo !== undefined)
    form.append('photo', new Blob([photo as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }), 'a.jpg')
  const response = await fetch(`${url}/login`, { method: 'POST', body: form })
  return { status: response.status, json: (await response.json()) as { token?: string } }
}

test('a live face and the password come in', async () => {
  const { status, json } = await login('correct horse', picture('live'))
  expect(status).toBe(200)
  const me = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${json.token}` } })
  expect(await me.json()).toEqual({ name: 'ada' })
})

test('neither alone does', async () => {
  expect((await login('correct horse')).status).toBe(400)
  expect((await login('correct horse', picture('spoof'))).status).toBe(403)
  expect((await login('correct horse', picture('retry'))).status).toBe(422)
  expect((await login('wrong', picture('live'))).status).toBe(401)
  expect((await fetch(`${url}/me`)).status).toBe(401)
})

test('it is ready when the models are', async () => {
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})
