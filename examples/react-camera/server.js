// The server half: it makes the sessions, judges the frames, and accepts each token once.
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createFaceLandmarker, createLiveness, decodeImage } from '@unspoof/node'
import {
  createMemoryStore,
  createSessionHandler,
  createSessions,
  createTokenSigner,
  createTokenVerifier,
  generateTokenKeys,
  toNodeHandler,
} from '@unspoof/session'
import express from 'express'

/** Who is logging in. A real application knows it from the first factor, such as a password; never from the body. */
const subjectOf = () => 'ada'

/** @param options for createSessions(), so that the test can choose the challenge */
export async function createApp(options = {}) {
  const liveness = await createLiveness()
  const landmarker = await createFaceLandmarker() // tells a head from a flat image
  const store = createMemoryStore()
  const keys = await generateTokenKeys() // an application keeps its keys; these end with the process
  const names = { issuer: 'https://login.example', audience: 'https://login.example' }
  const signer = await createTokenSigner({ key: keys.privateKey, kid: keys.publicKey.kid, ...names })
  const verifier = await createTokenVerifier({ keys: [keys.publicKey], store, ...names })
  const decode = (jpeg) => decodeImage(jpeg)
  const sessions = createSessions({ liveness, decode, landmarker, store, signer, ...options })

  const app = express()
  app.disable('x-powered-by')
  app.use((_req, res, next) => {
    res.set(
      'Content-Security-Policy',
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    res.set('X-Content-Type-Options', 'nosniff')
    next()
  })
  app.use('/liveness', toNodeHandler(createSessionHandler(sessions, { subject: subjectOf })))
  app.get('/api/account', async (req, res) => {
    try {
      const token = req.get('authorization')?.replace(/^Liveness /, '') ?? ''
      const { sub } = await verifier.verify(token, { subject: subjectOf() })
      res.json({ message: `Welcome, ${sub}.` })
    } catch (error) {
      res.status(error.status ?? 500).json({ message: 'Log in first.' })
    }
  })
  app.use(express.static(fileURLToPath(new URL('dist', import.meta.url))))
  const close = async () => {
    await liveness.close()
    await landmarker.close()
  }
  return { app, close }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { app } = await createApp()
  app.listen(3000, '127.0.0.1', () => console.log('http://localhost:3000'))
}
