/** Requests as bytes on a socket, so that tests can send what no HTTP client would. */
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The parsed body; undefined where it is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes
  readonly json: any
}

/** One connection. */
export class Connection {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #closed = false
  #wake: () => void = () => {}

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    this.socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
    // The server may close while we write; what it said before is what counts.
    this.socket.on('error', () => {})
  }

  send(bytes: string | Buffer): this {
    if (!this.socket.destroyed) this.socket.write(bytes)
    return this
  }

  /** The next answer; undefined where the connection ended without one. 100 Continue is skipped. */
  async answer(timeoutMs = 25_000): Promise<RawAnswer | undefined> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const parsed = parse(this.#received)
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.length)
        if (parsed.answer.status !== 100) return parsed.answer
        continue
      }
      if (this.#closed) return undefined
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`No answer within ${timeoutMs} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  close(): void {
    this.socket.destroy()
  }
}

function parse(bytes: Buffer): { answer: RawAnswer; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [statusLine, ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(statusLine!.split(' ')[1])
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const size = status === 100 || status === 204 ? 0 : Number(headers['content-length'] ?? 0)
  const length = end + 4 + size
  if (bytes.length < length) return undefined
  const text = bytes.toString('utf8', end + 4, length)
  return { answer: { status, headers, text, json: tryJson(text) }, length }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The head of a POST. Further headers are lines. */
export function head(path: string, ...lines: string[]): string {
  return [`POST ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')
}

/** A whole POST with Content-Length. */
export function post(path: string, type: string, body: string | Buffer, ...lines: string[]): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([
    Buffer.from(head(path, `Content-Type: ${type}`, `Content-Length: ${bytes.length}`, ...lines), 'utf8'),
    bytes,
  ])
}

export const BOUNDARY = 'x-test-boundary'

/** One part: header lines, then the body. */
export function part(lines: readonly string[], body: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'utf8'),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])
}

export function filePart(bytes: Buffer | string, name = 'photo', filename = 'me.jpg', type = 'image/jpeg'): Buffer {
  return part(
    [`Content-Disposition: form-data; name="${name}"; filename="${filename}"`, `Content-Type: ${type}`],
    bytes,
  )
}

export function fieldPart(name: string, value: string): Buffer {
  return part([`Content-Disposition: form-data; name="${name}"`], value)
}

/** Parts with a closing delimiter. */
export function form(...parts: Buffer[]): Buffer {
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])
}

export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`
