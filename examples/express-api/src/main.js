/** Starts the server, and stops it without cutting off anybody. */
import { createServer } from 'node:http'
import { closeDefaultLiveness, refuseEarly } from '@unspoof/express'
import { createApp } from './app.js'

const port = Number(process.env.PORT ?? 3000)

// Slow clients: the middleware limits bodies, these limit headers, and are looked at every second.
const timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1000 }
const server = createServer(timeouts, createApp())
refuseEarly(server)
server.listen(port, () => console.log(`http://localhost:${port}`))

process.once('SIGTERM', () => {
  server.close(() => closeDefaultLiveness())
  server.closeIdleConnections()
})
