/** Starts the server, and stops it without cutting off anybody. */
import { closeDefaultLiveness, refuseEarly } from '@unspoof/express'
import { createApp } from './app.js'

const port = Number(process.env.PORT ?? 3000)
const server = createApp().listen(port, () => console.log(`http://localhost:${port}`))

// Slow clients: the middleware limits bodies, these limit headers and idle sockets.
server.headersTimeout = 10_000
server.requestTimeout = 30_000
refuseEarly(server)

process.once('SIGTERM', () => {
  server.close(() => closeDefaultLiveness())
  server.closeIdleConnections()
})
