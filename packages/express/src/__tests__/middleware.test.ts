/** livenessMiddleware() on Express 4 and 5: mounting, options, and the company of other body parsers. */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import express, { type Express, type Request, type RequestHandler } from 'express'
import fileUpload from 'express-fileupload'
import express4 from 'express4'
import multer from 'multer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { assertLive, LivenessError, livenessMiddleware } from '../index.ts'

const live = picture('live')
const sha = (bytes: Buffer | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const dataUrl = (bytes: Buffer) => `data:image/jpeg;base64,${bytes.toString('base64')}`
type AnyRequest = Request & { file?: Express.Multer.File; files?: unknown }

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('%s', (_name, framework) => {
  let app: Express
  let server: Server
  let url: string
  let liveness: ReturnType<typeof fakeLiveness>
  let folder: string

  beforeEach(async () => {
    liveness = fakeLiveness()
    app = framework()
    server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    folder = await mkdtemp(join(tmpdir(), 'unspoof-test-'))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })

  function form(bytes: Buffer = live, field = 'photo'): FormData {
    const data = new FormData()
    data.append('name', 'Ada')
    data.append(field, new Blob([bytes], { type: 'image/jpeg' }), 'me.jpg')
    return data
  }

  async function send(path: string, body?: FormData | string | Buffer, type?: string, method = 'POST') {
    const headers = type === undefined ? undefined : { 'content-type': type }
    const response = await fetch(url + path, { method, body, headers })
    const text = await response.text()
    // biome-ignore lint/suspicious/noExplicitAny: bodies of many shapes
    return { status: response.status, text, json: (text.startsWith('{') ? JSON.parse(text) : undefined) as any }
  }

  /** What the handler sees: the digests prove that it gets the bytes that were judged. */
  const report: RequestHandler = (req, res) => {
    const { file, files } = req as AnyRequest
    const buffers = [file, ...(Array.isArray(files) ? files : [])].flatMap((f) => (f?.buffer ? [sha(f.buffer)] : []))
    res.json({
      verdict: req.liveness?.verdict,
      judged: req.liveness?.images.map((image) => image.result.image?.sha256),
      buffers,
      body: Buffer.isBuffer(req.body) ? sha(req.body) : req.body,
    })
  }

  describe('mounting', () => {
    test('on a route a picture is required', async () => {
      app.post('/login', livenessMiddleware({ liveness }), report)
      expect((await send('/login', form())).json).toMatchObject({ verdict: 'live', body: { name: 'Ada' } })
      expect((await send('/login')).json.error.code).toBe('IMAGE_MISSING')
      expect((await send('/login', form(picture('retry')))).status).toBe(422)
    })

    test('on a route of every method, GET does not get around it', async () => {
      app.all('/login', livenessMiddleware({ liveness }), report)
      for (const method of ['GET', 'DELETE', 'OPTIONS']) {
        expect((await send('/login', undefined, undefined, method)).json.error.code).toBe('IMAGE_MISSING')
      }
      expect((await send('/login', undefined, undefined, 'HEAD')).status).toBe(400)
    })

    test('on the route of a mounted router a picture is required', async () => {
      const router = framework.Router()
      router.post('/login', livenessMiddleware({ liveness }), report)
      app.use('/api', router)
      expect((await send('/api/login')).json.error.code).toBe('IMAGE_MISSING')
    })

    test('with use() requests are annotated, spoofs refused, and there is one warning', async () => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
      app.use(livenessMiddleware({ liveness }), livenessMiddleware({ liveness }))
      app.all('/gallery', report)
      app.post('/vault', (req, res) => {
        assertLive(req)
        res.json({ verdict: req.liveness.verdict })
      })
      expect((await send('/gallery', undefined, undefined, 'GET')).json).toMatchObject({ verdict: 'not-checked' })
      expect((await send('/gallery', form())).json).toMatchObject({ verdict: 'live' })
      expect((await send('/gallery', form(picture('spoof')))).status).toBe(403)
      expect((await send('/vault', form())).json).toEqual({ verdict: 'live' })
      const codes = warn.mock.calls.map((call) => (call[1] as { code?: string }).code)
      expect(codes.filter((code) => code === 'UNSPOOF_GLOBAL_MOUNT').length).toBeLessThanOrEqual(1)
      warn.mockRestore()
    })

    test('assertLive() refuses everything else', async () => {
      app.use(livenessMiddleware({ liveness, required: false }))
      const codes: string[] = []
      app.post('/vault', (req, res) => {
        try {
          assertLive(req)
          res.json({ verdict: req.liveness.verdict })
        } catch (error) {
          codes.push((error as LivenessError).code)
          res.sendStatus((error as LivenessError).status)
        }
      })
      expect((await send('/vault', form(picture('retry')))).status).toBe(422)
      expect((await send('/vault')).status).toBe(403)
      expect(codes).toEqual(['RETRY', 'NOT_CHECKED'])
      expect(() => assertLive({} as Request)).toThrow(expect.objectContaining({ code: 'NOT_CHECKED' }))
    })

    test('a route can ask for more than the global mount', async () => {
      app.use(livenessMiddleware({ liveness, required: false, fields: 'avatar' }))
      app.post('/login', livenessMiddleware({ liveness, operatingPoint: 'strict' }), report)
      expect((await send('/login', form())).json).toMatchObject({ verdict: 'live', body: { name: 'Ada' } })
      expect(liveness.calls.map((call) => call.options.operatingPoint)).toEqual(['strict'])
      expect((await send('/login', form(picture('spoof')))).status).toBe(403)
    })

    test('`required` wins over the place', async () => {
      app.use('/strict', livenessMiddleware({ liveness, required: true }), report)
      app.post('/loose', livenessMiddleware({ liveness, required: false }), report)
      expect((await send('/strict')).json.error.code).toBe('IMAGE_MISSING')
      expect((await send('/loose')).json).toMatchObject({ verdict: 'not-checked' })
    })
  })

  describe('options', () => {
    test('mistakes are found at creation', () => {
      const wrong: object[] = [
        { opertingPoint: 'strict' },
        { operatingPoint: 'very strict' },
        { crops: 2 },
        { limits: { fileByte: 1 } },
        { limits: { fileBytes: -1 } },
        { limits: { images: '4' } },
        { admission: { maxChecks: 0 } },
        { fields: [] },
        { fields: [''] },
        { onUnavailable: 'allow' },
        { onReject: 'log' },
        { liveness: {} },
        { session: { verfy: () => {} } },
        { required: 'yes' },
        { property: '' },
        { signal: new AbortController().signal },
      ]
      for (const options of wrong) {
        expect(() => livenessMiddleware(options), JSON.stringify(options)).toThrow(
          expect.objectContaining({ code: 'OPTION_INVALID' }),
        )
      }
      expect(() => livenessMiddleware({ opertingPoint: 1 } as object)).toThrow(/did you mean "operatingPoint"/)
      expect(() => livenessMiddleware({ operatingPoint: undefined, limits: undefined })).not.toThrow()
    })

    test('onReject answers in its own way, but lets nothing pass', async () => {
      const passed = vi.fn()
      app.post(
        '/own',
        livenessMiddleware({
          liveness,
          onReject: async (_req, res, rejection) => {
            await Promise.resolve()
            res.status(418).json({ said: rejection.result?.verdict ?? rejection.error?.code })
          },
        }),
        passed,
      )
      app.post('/silent', livenessMiddleware({ liveness, onReject: () => true }), passed)
      app.post('/throws', livenessMiddleware({ liveness, onReject: () => Promise.reject(new Error('hook')) }), passed)
      app.use(((_error, _req, res, _next) => res.status(599).end()) as express.ErrorRequestHandler)
      expect(await send('/own', form(picture('spoof')))).toMatchObject({ status: 418, json: { said: 'spoof' } })
      expect(await send('/own')).toMatchObject({ status: 418, json: { said: 'IMAGE_MISSING' } })
      expect((await send('/silent', form(picture('spoof')))).status).toBe(403)
      expect((await send('/throws', form(picture('spoof')))).status).toBe(599)
      expect(passed).not.toHaveBeenCalled()
    })

    test('property', async () => {
      app.post('/login', livenessMiddleware({ liveness, property: 'face' }), (req, res) => {
        assertLive(req, 'face')
        res.json({ verdict: req.face.verdict, other: req.liveness === undefined })
      })
      expect((await send('/login', form())).json).toEqual({ verdict: 'live', other: true })
    })

    test('a liveness that is made lazily, once, and again after a failure', async () => {
      let made = 0
      const factory = () => {
        if (++made === 1) throw new LivenessError('MODEL_MISSING', 'No file /srv/models/model.onnx.')
        return liveness
      }
      const middleware = livenessMiddleware({ liveness: factory })
      app.post('/login', middleware, report)
      const refused = await send('/login', form())
      expect(refused).toMatchObject({ status: 503, json: { error: { code: 'MODEL_UNAVAILABLE' } } })
      expect(refused.text).not.toMatch(/srv/)
      await middleware.ready()
      expect((await send('/login', form())).status).toBe(200)
      expect((await send('/login', form())).status).toBe(200)
      expect(made).toBe(2)
    })

    test('res.json(req.liveness) tells no score, and its uploads are in no log', async () => {
      let seen: Request['liveness']
      app.post('/login', livenessMiddleware({ liveness }), (req, res) => {
        seen = req.liveness
        res.json(req.liveness)
      })
      const answer = await send('/login', form())
      expect(answer.json).toEqual({ verdict: 'live', code: 'LIVE', reasons: [], hint: '' })
      expect(seen?.liveProbability).toBe(0.987654)
      expect(Object.keys(seen!)).not.toContain('uploads')
      expect(seen?.uploads).toHaveLength(1)
    })
  })

  describe('body parsers before it', () => {
    const check = () => livenessMiddleware({ liveness })

    test.each([
      ['multer.single', () => multer().single('photo')],
      ['multer.array', () => multer().array('photo')],
      ['multer.fields', () => multer().fields([{ name: 'photo' }])],
      ['multer.any', () => multer().any()],
      ['multer on disk', () => multer({ dest: folder }).single('photo')],
      ['express-fileupload', () => fileUpload()],
      ['express-fileupload on disk', () => fileUpload({ useTempFiles: true, tempFileDir: folder })],
    ])('judges uploads after %s', async (_parser, parser) => {
      app.post('/login', parser(), check(), report)
      expect((await send('/login', form())).json).toMatchObject({ verdict: 'live', judged: [sha(live)] })
      expect((await send('/login', form(picture('spoof')))).status).toBe(403)
      expect(liveness.calls).toHaveLength(2)
    })

    test('files on disk are read within the limits', async () => {
      app.post('/login', multer({ dest: folder }).any(), livenessMiddleware({ liveness, limits: { fileBytes: 100 } }))
      expect((await send('/login', form(picture('live', 101)))).json.error.code).toBe('BODY_TOO_LARGE')
    })

    test('a file that express-fileupload cut is refused', async () => {
      app.post('/login', fileUpload({ limits: { fileSize: 40 } }), check(), report)
      expect((await send('/login', form())).json.error.code).toBe('BODY_TOO_LARGE')
    })

    test('fields are those the parser names', async () => {
      app.post('/multer', multer().any(), livenessMiddleware({ liveness, fields: 'photo' }), report)
      app.post('/fileupload', fileUpload(), livenessMiddleware({ liveness, fields: 'photo' }), report)
      for (const path of ['/multer', '/fileupload']) {
        expect((await send(path, form())).status).toBe(200)
        expect((await send(path, form(live, 'other'))).json.error.code).toBe('IMAGE_MISSING')
      }
    })

    test.each([
      ['express.json', () => express.json(), 'application/json', () => JSON.stringify({ a: dataUrl(live) })],
      ['express.raw', () => express.raw({ type: 'image/*' }), 'image/jpeg', () => live],
      [
        'express.raw of JSON',
        () => express.raw({ type: '*/*' }),
        'application/json',
        () => JSON.stringify([dataUrl(live)]),
      ],
      [
        'express.text of JSON',
        () => express.text({ type: '*/*' }),
        'application/json',
        () => JSON.stringify([dataUrl(live)]),
      ],
    ])('%s', async (_parser, parser, type, body) => {
      app.post('/login', parser(), check(), report)
      expect((await send('/login', body(), type)).json).toMatchObject({ verdict: 'live', judged: [sha(live)] })
    })

    test('express.raw of a multipart body', async () => {
      app.post('/login', express.raw({ type: '*/*', limit: '1mb' }), check(), report)
      expect((await send('/login', form())).json).toMatchObject({ verdict: 'live', body: { name: 'Ada' } })
    })

    test('a body in rawBody, as cloud functions leave it', async () => {
      const drain: RequestHandler = (req, _res, next) => {
        const chunks: Buffer[] = []
        req.on('data', (chunk) => chunks.push(chunk))
        req.on('end', () => {
          Object.assign(req, { rawBody: Buffer.concat(chunks) })
          next()
        })
      }
      app.post('/login', drain, check(), report)
      expect((await send('/login', form())).json).toMatchObject({ verdict: 'live', body: { name: 'Ada' } })
    })

    test('bytes that are gone are the developer’s error, and nothing passes', async () => {
      const drain: RequestHandler = (req, _res, next) => void req.resume().on('end', () => next())
      const elsewhere: multer.StorageEngine = {
        _handleFile: (_req, file, done) => void file.stream.resume().on('end', () => done(null, {})),
        _removeFile: (_req, _file, done) => done(null),
      }
      app.post('/drained', drain, check(), report)
      app.post('/annotated', drain, livenessMiddleware({ liveness, required: false }), report)
      app.post('/elsewhere', multer({ storage: elsewhere }).any(), check(), report)
      for (const path of ['/drained', '/annotated', '/elsewhere']) {
        expect(await send(path, form())).toMatchObject({ status: 500, json: { error: { code: 'BODY_CONSUMED' } } })
      }
    })
  })

  describe('body parsers after it', () => {
    test.each([
      ['multer in memory', () => multer().single('photo'), 1],
      ['multer on disk', () => multer({ dest: folder }).single('photo'), 1],
      ['express-fileupload', () => fileUpload(), 0],
    ])('%s reads the same form again', async (_parser, parser) => {
      app.post('/login', livenessMiddleware({ liveness }), parser(), (req, res) => {
        const { file, files } = req as AnyRequest
        const uploaded = file ?? (files as unknown as { photo: fileUpload.UploadedFile }).photo
        res.json({ body: req.body, name: 'originalname' in uploaded ? uploaded.originalname : uploaded.name })
      })
      expect((await send('/login', form())).json).toEqual({ body: { name: 'Ada' }, name: 'me.jpg' })
    })

    test('multer gets exactly the bytes that were judged, and its own rules hold', async () => {
      app.post('/login', livenessMiddleware({ liveness }), multer().single('photo'), report)
      app.use(((error, _req, res, _next) => res.status(400).json({ code: error.code })) as express.ErrorRequestHandler)
      const big = picture('live', 1_000_000)
      expect((await send('/login', form(big))).json).toMatchObject({ judged: [sha(big)], buffers: [sha(big)] })
      expect((await send('/login', form(live, 'other'))).json).toEqual({ code: 'LIMIT_UNEXPECTED_FILE' })
    })

    test('names with quotes and line breaks survive', async () => {
      app.post('/login', livenessMiddleware({ liveness }), multer({ defParamCharset: 'utf8' }).any(), (req, res) => {
        const [file] = (req as AnyRequest).files as Express.Multer.File[]
        res.json({ field: file!.fieldname, file: file!.originalname })
      })
      const data = new FormData()
      data.append('ph"oto', new Blob([live], { type: 'image/jpeg' }), 'Ådå "x".jpg')
      expect((await send('/login', data)).json).toEqual({ field: 'ph"oto', file: 'Ådå "x".jpg' })
    })

    test('express.json keeps what was parsed', async () => {
      app.use(livenessMiddleware({ liveness, required: false }), express.json())
      app.post('/login', report)
      const answer = await send('/login', JSON.stringify({ photo: dataUrl(live), name: 'Ada' }), 'application/json')
      expect(answer.json).toMatchObject({ verdict: 'live', body: { name: 'Ada' } })
    })

    test('bodies that carry no picture are left to their parsers', async () => {
      app.use(
        livenessMiddleware({ liveness, required: false }),
        express.urlencoded({ extended: false }),
        express.text(),
      )
      app.post('/note', report)
      const urlencoded = await send('/note', 'a=1', 'application/x-www-form-urlencoded')
      expect(urlencoded.json).toMatchObject({ verdict: 'not-checked', body: { a: '1' } })
      expect((await send('/note', 'hello', 'text/plain')).json).toMatchObject({ body: 'hello' })
    })
  })

  test('nothing is left in the folder for temporary files', async () => {
    // One of our own: other tests use the machine's at the same time.
    const own = await mkdtemp(join(tmpdir(), 'unspoof-tmpdir-'))
    vi.stubEnv('TMPDIR', own)
    try {
      expect(tmpdir()).toBe(own)
      app.post('/login', livenessMiddleware({ liveness }), report)
      for (const verdict of ['live', 'spoof', 'broken', 'crash'] as const) await send('/login', form(picture(verdict)))
      expect(await readdir(own)).toEqual([])
    } finally {
      vi.unstubAllEnvs()
      await rm(own, { recursive: true })
    }
  })
})
