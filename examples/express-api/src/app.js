/** A login that wants a password and a live face. */
import { randomBytes, scryptSync, scrypt as scryptWithCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { livenessMiddleware } from '@unspoof/express'
import express from 'express'

// Off the event loop: a hash takes as long as some checks.
const scrypt = promisify(scryptWithCallback)

/** One account, in memory; yours are in a database. */
const SALT = randomBytes(16)
const ACCOUNTS = new Map([['ada', scryptSync('correct horse', SALT, 32)]])

/** @param {import('@unspoof/express').LivenessMiddlewareOptions} options */
export function createApp(options = {}) {
  const app = express()
  const tokens = new Map()
  const liveness = livenessMiddleware(options)

  // The middleware reads the form: only requests with a picture of a live face come further.
  app.post('/login', liveness, async (req, res) => {
    const { name, password } = req.body
    if (!(await isPassword(name, password))) return res.status(401).json({ error: 'Wrong name or password.' })
    const token = randomBytes(32).toString('base64url')
    tokens.set(token, name)
    // The result with its scores stays here; the client learns that it may come in.
    console.log(`${name} logged in, picture sha256 ${req.liveness.image.sha256.slice(0, 12)}`)
    res.json({ token })
  })

  app.get('/me', (req, res) => {
    const name = tokens.get(req.get('authorization')?.replace(/^Bearer /, ''))
    if (name === undefined) return res.sendStatus(401)
    res.json({ name })
  })

  // Ready when the models are loaded: the first person must not wait for that.
  app.get('/readyz', (_req, res) =>
    liveness.ready().then(
      () => res.sendStatus(200),
      () => res.sendStatus(503),
    ),
  )
  return app
}

/** The same work for names that do not exist. */
async function isPassword(name, password) {
  if (typeof name !== 'string' || typeof password !== 'string' || password.length > 200) return false
  const hash = await scrypt(password, SALT, 32)
  return timingSafeEqual(hash, ACCOUNTS.get(name) ?? Buffer.alloc(32))
}
