// One of several equal servers. All they share is Redis and a secret; any of them can finish what another began.
//   SECRET=... PORT=3001 REDIS_PORT=6379 node server.js
import { createFaceLandmarker, createLivenessPool, decodeImage } from '@unspoof/node'
import { createSessionHandler, createSessions, toNodeHandler } from '@unspoof/session'
import { createRedisStore } from '@unspoof/session/redis'
import express from 'express'
import { Redis } from 'ioredis'

const { PORT = '3001', REDIS_PORT = '6379', SECRET, BACKEND_KEY } = process.env

// Commands fail at once in an outage instead of queueing up: the person is told to try again.
const redis = new Redis(Number(REDIS_PORT), '127.0.0.1', { maxRetriesPerRequest: 1, enableOfflineQueue: false })
redis.on('error', () => {}) // ioredis reconnects by itself; each failed command is reported by its caller

const liveness = await createLivenessPool({ workers: 1 })
const landmarker = await createFaceLandmarker() // tells a head from a flat image
const sessions = createSessions({
  liveness,
  decode: decodeImage,
  landmarker,
  store: createRedisStore(redis),
  secret: SECRET, // at least 32 bytes, the same for every server
  challenges: ['move-closer'],
})

const handler = createSessionHandler(sessions, {
  // Put your own login here: the account of the request's session cookie or token, never of its body.
  subject: (_, req) => req.headers['x-demo-user'],
  clientKey: (_, req) => req.socket.remoteAddress,
  backend: (_, req) => BACKEND_KEY !== undefined && req.headers.authorization === `Bearer ${BACKEND_KEY}`,
})

const app = express()
app.disable('x-powered-by')
app.use('/liveness', toNodeHandler(handler))
const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${server.address().port}`))

process.once('SIGTERM', async () => {
  server.close()
  server.closeIdleConnections()
  await liveness.close()
  await landmarker.close()
  redis.disconnect()
})
