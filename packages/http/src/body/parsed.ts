/**
 * Finds the pictures that another body parser already took off the request: multer, express-fileupload, formidable,
 * @fastify/multipart and the raw, text and JSON parsers.
 */
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { LivenessError } from '@unspoof/core'
import { cleanFileName } from './disposition.ts'
import type { UploadLimits } from './limits.ts'
import { createUpload, emptyBody, type Upload, type UploadBody } from './upload.ts'

/** The places where body parsers leave what they read. */
export interface ParsedRequest {
  readonly body?: unknown
  readonly rawBody?: unknown
  readonly file?: unknown
  readonly files?: unknown
}

/** What is known of a request whose body may be read already. */
export interface ParsedState {
  /** Bytes to read instead of the stream; undefined: read the stream. */
  readonly replay: Buffer | undefined
  readonly files: readonly FileLike[]
  /** The parsed value of a JSON or form body. */
  readonly value: unknown
  /** True where somebody read the stream, so that it must not be read again. */
  readonly consumed: boolean
}

/** Looks at a request without reading anything. */
export function parsedState(stream: Readable | undefined, request: ParsedRequest): ParsedState {
  const consumed = stream !== undefined && Readable.isDisturbed(stream)
  const files = [...listFiles(request.file), ...listFiles(request.files), ...listBodyFiles(request.body)]
  const raw = [request.body, request.rawBody].find((value) => value instanceof Uint8Array)
  const text = typeof request.body === 'string' ? Buffer.from(request.body) : undefined
  const replay = files.length > 0 ? undefined : raw === undefined ? text : asBuffer(raw as Uint8Array)
  const value = typeof request.body === 'object' && replay === undefined ? request.body : undefined
  return { replay, files: [...new Set(files)], value, consumed }
}

/** One file, a list, an object of files or of lists: the shapes of `req.file` and `req.files`. */
function listFiles(value: unknown): FileLike[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  if (isFileLike(value)) return [value]
  return Object.entries(value).flatMap(([key, item]) =>
    [item].flat().flatMap((one) => (isFileLike(one) ? [named(one, key)] : [])),
  )
}

/**
 * Files in `req.body`, where @fastify/multipart puts them. A body may be JSON that the client wrote, so only what JSON
 * cannot express (bytes, functions) counts: a `path` in there is never opened.
 */
function listBodyFiles(body: unknown): FileLike[] {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return []
  return Object.entries(body).flatMap(([key, item]) =>
    [item].flat().flatMap((one): FileLike[] => {
      if (one instanceof Uint8Array) return [{ fieldname: key, buffer: one }]
      const file = one as FileLike | null
      return typeof file?.toBuffer === 'function' ? [{ ...file, path: '', filepath: '', tempFilePath: '' }] : []
    }),
  )
}

const FIELD_NAMES = new WeakMap<object, string>()

/** express-fileupload and formidable know the field only as the key. */
function named(file: FileLike, key: string): FileLike {
  if (!/^\d+$/.test(key)) FIELD_NAMES.set(file, key)
  return file
}

/** A file as one of the parsers describes it. */
export interface FileLike {
  fieldname?: string
  originalname?: string
  name?: string
  filename?: string
  originalFilename?: string
  mimetype?: string
  /** multer's memory storage. */
  buffer?: unknown
  /** express-fileupload in memory. */
  data?: unknown
  /** multer's disk storage. */
  path?: string
  /** express-fileupload with temporary files. */
  tempFilePath?: string
  /** formidable. */
  filepath?: string
  truncated?: boolean
  /** @fastify/multipart. */
  type?: string
  file?: { truncated?: boolean }
  toBuffer?: () => Promise<Buffer>
}

function isFileLike(value: unknown): value is FileLike {
  if (typeof value !== 'object' || value === null) return false
  const file = value as FileLike & { mv?: unknown }
  const multer = typeof file.fieldname === 'string' && typeof file.mimetype === 'string'
  return multer || typeof file.mv === 'function' || (typeof file.filepath === 'string' && 'originalFilename' in file)
}

/**
 * Reads the files of other parsers, with our limits.
 * @throws LivenessError BODY_CONSUMED where the bytes are nowhere to be found; BODY_TOO_LARGE; TOO_MANY_PARTS.
 */
export async function readParsed(state: ParsedState, limits: UploadLimits): Promise<UploadBody> {
  if (state.files.length > limits.parts) {
    throw new LivenessError('TOO_MANY_PARTS', `Expected at most ${limits.parts} files.`)
  }
  const files: Upload[] = []
  for (const file of state.files) files.push(await readFileLike(file, limits.fileBytes))
  return { ...emptyBody('parsed'), files, json: withoutFiles(state.value) }
}

/** The values of a parsed body: its files are looked at as files, and their streams are nothing to search for text. */
function withoutFiles(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const fields = Object.create(null) as Record<string, unknown>
  for (const [key, item] of Object.entries(value)) {
    // @fastify/multipart wraps text fields in objects that point at each other.
    const field = item as { type?: unknown; value?: unknown; fieldname?: unknown } | null
    if ([item].flat().some((one) => typeof (one as FileLike | null)?.toBuffer === 'function')) continue
    fields[key] = field?.type === 'field' && typeof field.fieldname === 'string' ? field.value : item
  }
  return fields
}

async function readFileLike(file: FileLike, maxBytes: number): Promise<Upload> {
  if (file.truncated === true || file.file?.truncated === true) {
    throw new LivenessError('BODY_TOO_LARGE', 'Expected a whole file, but the parser before this one cut it.')
  }
  const bytes = await bytesOf(file, maxBytes)
  if (bytes === undefined) {
    throw new LivenessError(
      'BODY_CONSUMED',
      'Another parser read the upload and kept neither its bytes nor a file that can be read.',
    )
  }
  if (bytes.length > maxBytes) {
    throw new LivenessError('BODY_TOO_LARGE', `Expected files of at most ${maxBytes} bytes.`)
  }
  const name = file.fieldname ?? FIELD_NAMES.get(file) ?? ''
  const original = file.originalname ?? file.originalFilename ?? file.filename ?? file.name ?? ''
  return createUpload(name, cleanFileName(String(original)), file.mimetype ?? 'application/octet-stream', bytes)
}

async function bytesOf(file: FileLike, maxBytes: number): Promise<Buffer | undefined> {
  if (file.buffer instanceof Uint8Array) return asBuffer(file.buffer)
  const path = [file.tempFilePath, file.path, file.filepath].find((p) => typeof p === 'string' && p !== '')
  if (path !== undefined) return readFileWithin(path, maxBytes)
  if (file.data instanceof Uint8Array) return asBuffer(file.data)
  if (typeof file.toBuffer === 'function') return file.toBuffer().catch(() => undefined)
  return undefined
}

/** The file's bytes; undefined where there is none. Reads one byte more than allowed at most. */
async function readFileWithin(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const handle = await open(path, 'r').catch(() => undefined)
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) return undefined
    if (stat.size > maxBytes) {
      throw new LivenessError('BODY_TOO_LARGE', `Expected files of at most ${maxBytes} bytes.`)
    }
    const buffer = Buffer.alloc(stat.size)
    const { bytesRead } = await handle.read(buffer, 0, stat.size, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The same bytes, not a copy: what is judged is what the handler gets. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
