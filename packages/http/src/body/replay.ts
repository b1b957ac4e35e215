/** Lets another multipart parser read a body that was read already: multer, express-fileupload, @fastify/multipart. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { UploadBody } from './upload.ts'

/**
 * Makes `req.pipe(parser)` deliver the form again. It is written anew from what was read, so that a second parser cannot
 * see anything in it that was not judged.
 * @param onReplay called when a parser asks for the body, before it gets it
 */
export function replayMultipart(req: IncomingMessage, body: UploadBody, onReplay: () => void): void {
  if (body.kind !== 'multipart') return
  const sources = new Map<NodeJS.WritableStream, Readable>()
  const pipe = <T extends NodeJS.WritableStream>(destination: T): T => {
    onReplay()
    const source = Readable.from(encodeMultipart(body), { objectMode: false })
    sources.set(destination, source)
    return source.pipe(destination)
  }
  const unpipe = (destination?: NodeJS.WritableStream): IncomingMessage => {
    for (const [target, source] of sources) {
      if (destination === undefined || destination === target) source.unpipe(target).destroy()
    }
    return req
  }
  Object.assign(req, { pipe, unpipe })
}

/** The form with its own delimiter, fields first. */
function* encodeMultipart({ boundary, fields, files }: UploadBody): Generator<Buffer> {
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) {
      yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`)
    }
  }
  for (const { fieldname, originalname, mimetype, buffer } of files) {
    const name = `name="${quoted(fieldname)}"; filename="${quoted(originalname === '' ? 'upload' : originalname)}"`
    const type = /^[\w.+-]+\/[\w.+-]+$/.test(mimetype) ? mimetype : 'application/octet-stream'
    yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${name}\r\nContent-Type: ${type}\r\n\r\n`)
    yield buffer
    yield Buffer.from('\r\n')
  }
  yield Buffer.from(`--${boundary}--\r\n`)
}

/** As browsers quote names in multipart/form-data. */
function quoted(name: string): string {
  return name.replace(/["\r\n\\]/g, (character) => (character === '\\' ? '\\\\' : encodeURIComponent(character)))
}
