/** Sends pictures: as fast as answers come (closed loop), or at fixed times whatever happens (open loop). */
import { Agent, request } from 'node:http'
import { createConnection } from './connection.mjs'

/** More sockets than this are never opened: what comes then is counted as not sent. */
export const MAX_SOCKETS = 512
/** No loop runs longer than this, in seconds. */
export const MAX_SECONDS = 120

export function createGenerator({ port, random }) {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })

  /** @returns status (0 = no answer), whether Retry-After was there, milliseconds since `from` */
  function send({ body, type = 'image/jpeg' }, from = performance.now()) {
    return new Promise((resolve) => {
      const done = (status, code, retryAfter) => resolve({ status, code, retryAfter, ms: performance.now() - from })
      const req = request(
        {
          agent,
          port,
          host: '127.0.0.1',
          path: '/check',
          method: 'POST',
          headers: { 'content-type': type, 'content-length': body.length },
          timeout: 30_000,
        },
        (res) => {
          let text = ''
          res.on('data', (chunk) => {
            text += chunk
          })
          res.on('end', () => done(res.statusCode, codeIn(text), res.headers['retry-after'] !== undefined))
          res.on('error', (error) => done(0, error.code, false))
        },
      )
      req.on('timeout', () => req.destroy(Object.assign(new Error('timeout'), { code: 'CLIENT_TIMEOUT' })))
      req.on('error', (error) => done(0, error.code, false))
      req.end(body)
    })
  }

  /** `connections` clients, each sends its next picture when the last is answered. */
  async function closed({ connections, seconds = MAX_SECONDS, count = Number.POSITIVE_INFINITY, pick }) {
    const began = performance.now()
    const ends = began + 1000 * Math.min(seconds, MAX_SECONDS)
    const answers = []
    let sent = 0
    const client = async () => {
      const connection = createConnection(port)
      while (sent < count && performance.now() < ends) {
        const { body, type = 'image/jpeg' } = pick(sent++)
        const from = performance.now()
        const { status, code, headers, text } = await connection.send({ body, type })
        const ms = performance.now() - from
        answers.push({ status, code: code ?? codeIn(text), retryAfter: headers.includes('\r\nretry-after:'), ms })
      }
      connection.close()
    }
    await Promise.all(Array.from({ length: connections }, client))
    return summary(answers, (performance.now() - began) / 1000)
  }

  /** Arrivals at `rate` a second, each at its place give or take half a gap; latency counts from the intended time. */
  async function open({ rate, seconds, pick }) {
    const count = Math.floor(rate * Math.min(seconds, MAX_SECONDS))
    const times = Array.from({ length: count }, (_, i) => ((i + random()) * 1000) / rate)
    const began = performance.now()
    const pending = []
    let inFlight = 0
    let notSent = 0
    let next = 0
    await new Promise((resolve) => {
      const tick = () => {
        while (next < count && began + times[next] <= performance.now()) {
          const from = began + times[next]
          const picture = pick(next++)
          if (inFlight >= MAX_SOCKETS) {
            notSent++
            continue
          }
          inFlight++
          pending.push(send(picture, from).finally(() => inFlight--))
        }
        if (next < count) setTimeout(tick, Math.max(0, Math.min(5, began + times[next] - performance.now())))
        else resolve()
      }
      tick()
    })
    const answers = await Promise.all(pending)
    return { ...summary(answers, (performance.now() - began) / 1000), asked: count, notSent }
  }

  return { send, closed, open, close: () => agent.destroy() }
}

function codeIn(text) {
  try {
    const body = JSON.parse(text)
    return body.error?.code ?? body.code
  } catch {
    return undefined
  }
}

/** Judged (200, 403, 422), shed (503 with Retry-After), refused as a bad picture (400, 413, 415) and everything else. */
export function summary(answers, seconds) {
  const isJudged = ({ status, code }) => status === 200 || status === 403 || (status === 422 && code === 'RETRY')
  const isShed = ({ status, retryAfter }) => status === 503 && retryAfter
  const isRefused = (answer) => [400, 413, 415, 422].includes(answer.status) && !isJudged(answer)
  const judged = answers.filter(isJudged)
  const shed = answers.filter(isShed)
  const other = answers.filter((a) => !isJudged(a) && !isShed(a) && !isRefused(a))
  return {
    seconds: round(seconds),
    answers: answers.length,
    judged: { n: judged.length, perSecond: round(judged.length / seconds), ...quantiles(judged) },
    shed: { n: shed.length, ...quantiles(shed) },
    refused: answers.filter(isRefused).length,
    other: other.map(({ status, code }) => `${status} ${code ?? ''}`.trim()),
  }
}

function quantiles(answers) {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b)
  const at = (share) => (sorted.length === 0 ? null : round(sorted[Math.ceil(share * sorted.length) - 1]))
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

export function round(value) {
  return Math.round(value * 10) / 10
}
