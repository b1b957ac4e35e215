/** Checks a second of `unspoof serve`, a process of its own, asked over loopback from this one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { LivenessError } from '@unspoof/core'
import { quantile } from '@unspoof/evaluation'

export interface HttpRow {
  readonly workers: number
  readonly connections: number
  readonly checksPerSecond: number
  /** Milliseconds from request to answer. */
  readonly median: number
  readonly p99: number
}

/** Twice as many clients as a server with two cores has workers, so that none is idle. */
const CONNECTIONS = 8
const READY_MS = 60_000

/** A closed loop: each client sends its next picture when it was answered. */
export async function benchHttp(jpeg: Uint8Array, workers: number, seconds: number): Promise<HttpRow> {
  // The command line this runs in, whatever started it.
  const args = [process.argv[1]!, 'serve', '--port', '0', '--workers', String(workers)]
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(server, 'exit')
  try {
    const address = await Promise.race([
      addressOf(server.stdout),
      exited.then((): never => {
        throw new LivenessError('MODEL_UNAVAILABLE', 'The server of the benchmark did not start.')
      }),
    ])
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
    try {
      await untilReady(address)
      await Promise.all(Array.from({ length: CONNECTIONS }, () => check(agent, address, jpeg)))
      const times: number[] = []
      const began = performance.now()
      const client = async () => {
        while (performance.now() - began < seconds * 1000) times.push(await check(agent, address, jpeg))
      }
      await Promise.all(Array.from({ length: CONNECTIONS }, client))
      const wall = performance.now() - began
      times.sort((a, b) => a - b)
      return {
        workers,
        connections: CONNECTIONS,
        checksPerSecond: (times.length * 1000) / wall,
        median: quantile(times, 0.5),
        p99: quantile(times, 0.99),
      }
    } finally {
      agent.destroy()
    }
  } finally {
    server.kill('SIGTERM')
    await exited
  }
}

async function addressOf(stdout: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stdout) {
    text += chunk
    const found = /Listening on (\S+)/.exec(text)?.[1]
    if (found !== undefined) return found
  }
  return new Promise(() => {})
}

/** The models are loaded while the server already listens. */
async function untilReady(address: string): Promise<void> {
  for (const ends = performance.now() + READY_MS; performance.now() < ends; await setTimeout(50)) {
    if ((await fetch(`${address}/readyz`)).ok) return
  }
  throw new LivenessError('MODEL_UNAVAILABLE', 'The server of the benchmark did not become ready.')
}

/** @returns milliseconds until a verdict came. A server that is too busy is asked again; the time until then counts, too. */
async function check(agent: Agent, address: string, body: Uint8Array): Promise<number> {
  const began = performance.now()
  while (!(await send(agent, address, body))) {
    if (performance.now() - began > READY_MS)
      throw new LivenessError('OVERLOADED', 'The server of the benchmark was too busy for a minute.')
    await setTimeout(100)
  }
  return performance.now() - began
}

/** @returns whether a verdict came; false where the server is too busy. */
function send(agent: Agent, address: string, body: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${address}/v1/check`,
      { agent, method: 'POST', headers: { 'content-type': 'image/jpeg', 'content-length': body.byteLength } },
      (answer) => {
        answer.resume()
        answer.on('error', reject)
        answer.on('end', () => {
          const { statusCode = 0 } = answer
          if ([200, 403, 422].includes(statusCode)) resolve(true)
          else if (statusCode === 503) resolve(false)
          else reject(new LivenessError('MODEL_UNAVAILABLE', `The server answered ${statusCode}.`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
