/** Reads a request's body with limits that hold while it arrives. */
import { LivenessError } from '@unspoof/core'

export interface BodyLimits {
  readonly maxBytes: number
  /** Milliseconds until the whole body must be there. */
  readonly timeoutMs: number
}

/** @throws LivenessError BODY_TOO_LARGE, UPLOAD_TIMEOUT, ABORTED, ENCODING_UNSUPPORTED, BODY_CONSUMED */
export async function readBody(request: Request, { maxBytes, timeoutMs }: BodyLimits): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    throw new LivenessError('ENCODING_UNSUPPORTED', 'Expected a body without content encoding.')
  }
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > maxBytes) throw tooLarge(maxBytes)
  if (request.bodyUsed)
    throw new LivenessError('BODY_CONSUMED', 'The body of the request was read before the session handler saw it.')
  if (request.body === null) {
    if (announced > 0)
      throw new LivenessError('BODY_CONSUMED', 'The body of the request was read before the session handler saw it.')
    return new Uint8Array(0)
  }

  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new LivenessError('UPLOAD_TIMEOUT', `The body did not arrive within ${timeoutMs} ms.`)),
      timeoutMs,
    )
  })
  try {
    while (true) {
      const { done, value } = await Promise.race([reader.read(), late])
      if (done) break
      length += value.length
      if (length > maxBytes) throw tooLarge(maxBytes)
      chunks.push(value)
    }
  } catch (error) {
    // Not awaited: a sender that hangs must not keep the answer back.
    void reader.cancel().catch(() => undefined)
    throw error instanceof LivenessError
      ? error
      : new LivenessError('ABORTED', 'The body ended too early.', { cause: error })
  } finally {
    clearTimeout(timer)
  }
  const body = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}

function tooLarge(maxBytes: number): LivenessError {
  return new LivenessError('BODY_TOO_LARGE', `Expected a body of at most ${maxBytes} bytes.`)
}
