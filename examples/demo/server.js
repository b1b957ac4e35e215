// The server behind `npm start`: our own middleware in front of one route, and a page that shows what it found.
import { pathToFileURL } from 'node:url'
import { cropResize, frameSpectrum } from '@unspoof/core'
import { livenessMiddleware } from '@unspoof/express'
import { bundledModel, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { decodeImage } from '@unspoof/node'
import express from 'express'

const OPERATING_POINTS = ['strict', 'balanced', 'lenient']

/** The demo as an Express application, for the test; `ready()` loads the models. */
export async function createDemo() {
  const card = await bundledModel(DEFAULT_PAD_MODEL).card()
  const checks = Object.fromEntries(
    OPERATING_POINTS.map((operatingPoint) => [
      operatingPoint,
      livenessMiddleware({
        operatingPoint,
        required: true,
        // The page wants to show refused pictures too. An application leaves this out: the default answer is the safe one.
        onReject: async (_req, res, rejection) => {
          if (rejection.result?.image) await show(card, rejection.result, res)
          else if (rejection.result) res.json(summary(rejection.result))
        },
      }),
    ]),
  )

  const app = express()
  app.disable('x-powered-by')
  app.use((_req, res, next) => {
    res.set({
      'Content-Security-Policy': "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
    })
    next()
  })
  app.use(express.static(new URL('public', import.meta.url).pathname))
  app.post(
    '/api/check',
    (req, res, next) => {
      const check = Object.hasOwn(checks, req.query.operatingPoint ?? '')
        ? checks[req.query.operatingPoint]
        : checks.balanced
      return check(req, res, next)
    },
    (req, res) => show(card, req.liveness, res),
  )
  return { app, ready: () => checks.balanced.ready() }
}

/** Everything about the verdict, and the crop the model saw with its spectrum. */
async function show(card, result, res) {
  res.json({ ...summary(result), explanation: await explain(card, result) })
}

function summary(result) {
  const { verdict, code, hint, reasons, liveProbability, stability, operatingPoint, timings, faces, image } = result
  return { verdict, code, hint, reasons, liveProbability, stability, operatingPoint, timings, faces, image }
}

async function explain(card, { face, uploads }) {
  const input = card.inputs[0]
  const { frame } = face ? await decodeImage(uploads[0].buffer) : {}
  if (!frame) return undefined
  const crop = cropResize(frame, face.box, input.crop, input.width, input.height)
  const spectrum = frameSpectrum(crop)
  const max = Math.max(...spectrum)
  const grey = Uint8Array.from(spectrum, (value) => (255 * value) / max)
  return {
    crop: { side: crop.width, pixels: Buffer.from(crop.data).toString('base64') },
    spectrum: { side: crop.width, pixels: Buffer.from(grey).toString('base64') },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const port = Number(process.env.PORT ?? 3000)
  const { app, ready } = await createDemo()
  await ready()
  const server = app.listen(port, '127.0.0.1', (error) => {
    if (error) {
      console.error(`Cannot listen on port ${port} (${error.code}). Choose another: PORT=3001 npm start`)
      process.exitCode = 1
      return
    }
    console.log(`unspoof is at http://localhost:${port}`)
  })
  process.once('SIGINT', () => server.close(() => process.exit()))
}
