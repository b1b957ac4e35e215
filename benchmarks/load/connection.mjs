/** One kept connection that sends one picture after another, with as little work as can be: the generator shares the server's processors. */
import { connect } from 'node:net'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const TIMEOUT_MS = 30_000

/** Answers must have a content-length, as those of our servers do. */
export function createConnection(port) {
  let socket
  let waiting
  let chunks = []
  let size = 0

  const settle = (answer) => {
    const resolve = waiting
    waiting = undefined
    chunks = []
    size = 0
    resolve?.(answer)
  }
  const fail = (code) => {
    socket?.destroy()
    socket = undefined
    settle({ status: 0, code, headers: '', text: '' })
  }

  function open() {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true })
    opened.setTimeout(TIMEOUT_MS, () => fail('CLIENT_TIMEOUT'))
    opened.on('data', (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      const all = chunks.length === 1 ? chunk : Buffer.concat(chunks, size)
      const head = all.indexOf(END_OF_HEAD)
      if (head < 0) return
      const headers = all.latin1Slice(0, head).toLowerCase()
      const length = Number(/\r\ncontent-length: (\d+)/.exec(headers)?.[1])
      if (Number.isNaN(length)) return fail('NO_LENGTH')
      if (all.length < head + 4 + length) return
      const closes = headers.includes('\r\nconnection: close')
      settle({ status: Number(headers.slice(9, 12)), headers, text: all.utf8Slice(head + 4, head + 4 + length) })
      if (!closes) return
      socket = undefined
      opened.destroy()
    })
    opened.on('error', ({ code }) => socket === opened && fail(code))
    opened.on('close', () => {
      if (socket !== opened) return
      socket = undefined
      if (waiting !== undefined) fail('ECONNRESET')
    })
    return opened
  }

  return {
    /** @returns status (0 = no answer), its headers in lower case, its body */
    send({ body, type }) {
      return new Promise((resolve) => {
        waiting = resolve
        socket ??= open()
        socket.cork()
        socket.write(
          `POST /check HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`,
        )
        socket.write(body)
        socket.uncork()
      })
    },
    close: () => {
      const last = socket
      socket = undefined
      last?.destroy()
    },
  }
}
