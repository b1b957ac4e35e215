// What an application of ES modules does with the Node packages.
import { readFile } from 'node:fs/promises'
import { livenessMiddleware } from '@unspoof/express'
import { createLiveness } from '@unspoof/node'
import { createTokenSigner, createTokenVerifier, generateTokenKeys } from '@unspoof/session'
import express from 'express'

const picture = await readFile(process.argv[2])

const liveness = await createLiveness()
const { verdict, liveProbability } = await liveness.check(picture)
await liveness.close()

const app = express()
app.post('/login', livenessMiddleware(), (_, response) => response.json({ hello: 'Ada' }))
const server = app.listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const response = await fetch(`http://127.0.0.1:${server.address().port}/login`, {
  method: 'POST',
  headers: { 'content-type': 'image/jpeg' },
  body: picture,
})
const body = await response.json()
server.close()

const exported = [createTokenSigner, createTokenVerifier, generateTokenKeys].map((value) => typeof value)
console.log(JSON.stringify({ verdict, liveProbability, status: response.status, body, exported }))
process.exit()
