/**
 * Strict multipart/form-data over the boundary search of @fastify/busboy: what a lenient parser drops in silence
 * (a part without name or header, an unfinished part, one part too many) is refused here, because a picture that we do
 * not see is a picture that is not judged.
 */
import type { Readable } from 'node:stream'
import { Dicer } from '@fastify/busboy'
import { isLivenessError, LivenessError } from '@unspoof/core'
import { parseDisposition } from './disposition.ts'
import type { UploadLimits } from './limits.ts'
import { isImageType, looksLikeImage } from './sniff.ts'
import { inTurn } from './turns.ts'
import { createUpload, type Fields, type Upload } from './upload.ts'

/** One write to the parser, and with it the resolution at which the size of a part's header is watched, bytes. */
const SLICE = 16 * 1024
/** How long the parser may think after a slice, and after the last byte, before the body counts as malformed, milliseconds. */
const PARSER_TIMEOUT = 1000

export interface MultipartForm {
  readonly fields: Fields
  readonly files: readonly Upload[]
}

export interface MultipartReader {
  /** Resolves when the parser wants more: wait for it. @throws LivenessError as soon as what was written so far breaks a rule. */
  write(chunk: Buffer): Promise<void>
  /** The whole form, once everything is written. */
  end(): Promise<MultipartForm>
}

interface Part {
  header: { name: string; filename: string | undefined; type: string } | undefined
  isFile: boolean
  chunks: Buffer[]
  size: number
  /** Bytes written behind the slice in which the part began, while its header is incomplete. */
  headerBytes: number
}

export function createMultipartReader(boundary: string, limits: UploadLimits): MultipartReader {
  const parts: Part[] = []
  let images = 0
  let failure: LivenessError | undefined
  let finished = false
  let settle: (() => void) | undefined

  const fail = (error: unknown): void => {
    failure ??= isLivenessError(error) ? error : malformed('a complete multipart body')
    settle?.()
  }
  const guarded =
    <A extends unknown[]>(step: (...args: A) => void) =>
    (...args: A): void => {
      if (failure !== undefined) return
      try {
        step(...args)
      } catch (error) {
        fail(error)
      }
    }

  // Headers are never cut by these two: the reader below refuses first.
  const dicer = new Dicer({ boundary, maxHeaderPairs: limits.headerPairs + 1, maxHeaderSize: 4 * SLICE } as never)
  dicer.on('error', fail)
  dicer.on('finish', () => {
    finished = true
    settle?.()
  })
  dicer.on('part', (stream: Readable) => {
    const part: Part = { header: undefined, isFile: false, chunks: [], size: 0, headerBytes: -1 }
    stream.on('error', () => {})
    stream.on(
      'header',
      guarded((header: Record<string, string[]>) => {
        const pairs = Object.values(header).reduce((sum, values) => sum + values.length, 0)
        if (pairs > limits.headerPairs) throw malformed(`at most ${limits.headerPairs} headers a part`)
        part.header = readHeader(header, limits.fieldNameLength)
        part.isFile = part.header.filename !== undefined || isFileType(part.header.type)
      }),
    )
    stream.on(
      'data',
      guarded((chunk: Buffer) => {
        part.chunks.push(chunk)
        part.size += chunk.length
        checkSize(part, limits)
      }),
    )
    stream.on(
      'end',
      guarded(() => {
        checkHeader(part)
        if (isImagePart(part) && ++images > limits.images) {
          throw new LivenessError('TOO_MANY_PARTS', `Expected at most ${limits.images} pictures.`)
        }
      }),
    )
    guarded(() => {
      if (parts.push(part) > limits.parts) {
        throw new LivenessError('TOO_MANY_PARTS', `Expected at most ${limits.parts} parts.`)
      }
    })()
  })

  const watchHeader = guarded((written: number) => {
    const part = parts.at(-1)
    if (part === undefined || part.header !== undefined) return
    // The slice in which the part began may hold the end of another.
    part.headerBytes = part.headerBytes < 0 ? 0 : part.headerBytes + written
    if (part.headerBytes >= SLICE) throw malformed(`part headers of at most ${SLICE} bytes`)
  })

  /** Resolves when `start` or the parser is done, or the body has failed. */
  function settled(start: (done: () => void) => unknown): Promise<void> {
    if (failure !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => fail(malformed('a complete multipart body')), PARSER_TIMEOUT)
      settle = () => {
        clearTimeout(timer)
        resolve()
      }
      start(settle)
    })
  }

  return {
    async write(chunk) {
      for (let offset = 0; offset < chunk.length; offset += SLICE) {
        // What follows the closing delimiter is no part of the form.
        if (!dicer.writable) break
        const slice = chunk.subarray(offset, offset + SLICE)
        await inTurn(() => settled((done) => dicer.write(slice, done)))
        watchHeader(slice.length)
        if (failure !== undefined) throw failure
      }
    },
    async end() {
      if (dicer.writable) dicer.end()
      if (!finished) await settled(() => {})
      // The last part's 'end' may still be queued behind the parser's 'finish'.
      await new Promise(setImmediate)
      if (failure !== undefined) throw failure
      parts.forEach(checkHeader)
      return collect(parts, limits)
    },
  }
}

function readHeader(header: Record<string, string[]>, maxNameLength: number): NonNullable<Part['header']> {
  const single = (key: string): string | undefined => {
    const values = header[key]
    if (values !== undefined && values.length > 1) throw malformed(`one ${key} a part`)
    // The parser hands headers on byte by byte.
    return values === undefined ? undefined : Buffer.from(values[0]!, 'latin1').toString('utf8')
  }
  const { name, filename } = parseDisposition(single('content-disposition'), maxNameLength)
  const type = (single('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type.startsWith('multipart/')) {
    throw new LivenessError('ENCODING_UNSUPPORTED', 'Expected no multipart body inside a part.')
  }
  const encoding = (single('content-transfer-encoding') ?? 'binary').trim().toLowerCase()
  if (!['7bit', '8bit', 'binary'].includes(encoding)) {
    throw new LivenessError('ENCODING_UNSUPPORTED', 'Expected no Content-Transfer-Encoding in a part.')
  }
  return { name, filename, type }
}

/** A part without a file name is still a file where it says that it is binary. */
function isFileType(type: string): boolean {
  return isImageType(type) || type === 'application/octet-stream'
}

function isImagePart(part: Part): boolean {
  return part.isFile && (isImageType(part.header!.type) || looksLikeImage(Buffer.concat(part.chunks.slice(0, 1))))
}

function checkHeader(part: Part): void {
  if (part.header === undefined) throw malformed('headers and an empty line in every part')
}

function checkSize(part: Part, limits: UploadLimits): void {
  if (part.isFile && part.size > limits.fileBytes) {
    throw new LivenessError('BODY_TOO_LARGE', `Expected files of at most ${limits.fileBytes} bytes.`)
  }
  if (!part.isFile && part.size > limits.fieldBytes && (part.size > limits.jsonBytes || !startsAsDataUrl(part))) {
    throw new LivenessError('BODY_TOO_LARGE', `Expected fields of at most ${limits.fieldBytes} bytes.`)
  }
}

/** A picture sent as text: `formData.append('photo', canvas.toDataURL())`. */
function startsAsDataUrl(part: Part): boolean {
  return /^data:/i.test(Buffer.concat(part.chunks.slice(0, 5)).toString('latin1', 0, 5))
}

async function collect(parts: readonly Part[], limits: UploadLimits): Promise<MultipartForm> {
  const fields = Object.create(null) as Fields
  const files: Upload[] = []
  for (const { header, isFile, chunks, size } of parts) {
    const { name, filename, type } = header!
    const bytes = await inTurn(() => Buffer.concat(chunks))
    if (!isFile) {
      // A longer field is a data URL and has nothing but ASCII, or it is refused; UTF-8 takes ten times as long to decode.
      const value = bytes.toString(size > limits.fieldBytes ? 'latin1' : 'utf8')
      const before = fields[name]
      fields[name] = before === undefined ? value : ([] as string[]).concat(before, value)
    } else if (filename !== '' || size > 0) {
      // An empty file without a name is a file input nobody used.
      files.push(createUpload(name, filename ?? '', type === '' ? 'application/octet-stream' : type, bytes))
    }
  }
  return { fields, files }
}

function malformed(expected: string): LivenessError {
  return new LivenessError('BODY_MALFORMED', `Expected ${expected}.`)
}
