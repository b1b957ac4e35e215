/** `unspoof serve`: the check as a REST server. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { LivenessError } from '@unspoof/core'
import { createLivenessPool, POOL_DEFAULTS, POOL_RANGES } from '@unspoof/node'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { resolveModel } from '../models/resolve.ts'
import { cropsFrom, MODEL_OPTIONS, operatingPointFrom } from '../options.ts'
import { createRestServer } from '../serve/server.ts'
import type { Terminal } from '../terminal/terminal.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8080
const DEFAULT_MAX_CONNECTIONS = 1024
/** Milliseconds; orchestrators usually kill after 30 s. */
const DRAIN_MS = 10_000

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Serves the check over HTTP: POST /v1/check, probes, metrics, OpenAPI.',
  usage: ['serve [--host HOST] [--port PORT]'],
  options: {
    host: { type: 'string', value: 'HOST', help: `Address to listen on. Default: ${DEFAULT_HOST}.` },
    port: { type: 'string', short: 'p', value: 'PORT', help: `Port, 0 for any. Default: ${DEFAULT_PORT}.` },
    'operating-point': MODEL_OPTIONS['operating-point'],
    model: { type: 'string', short: 'm', value: 'MODEL', multiple: true, help: 'Another model; several are averaged.' },
    'models-dir': MODEL_OPTIONS['models-dir'],
    crops: MODEL_OPTIONS.crops,
    faces: { type: 'string', value: 'single|all', help: 'How several faces in a picture are taken. Default: single.' },
    workers: { type: 'string', value: 'N', help: 'Worker threads. Default: one a core.' },
    queue: {
      type: 'string',
      value: 'N',
      help: `Checks that may wait; more are answered 503. Default: ${POOL_DEFAULTS.queue}.`,
    },
    'metrics-port': {
      type: 'string',
      value: 'PORT',
      help: 'Serves /metrics at this port of 127.0.0.1 instead. Without it, /metrics is served only where HOST is this machine itself.',
    },
    'max-connections': {
      type: 'string',
      value: 'N',
      help: `Connections at once. Default: ${DEFAULT_MAX_CONNECTIONS}.`,
    },
    log: { type: 'boolean', help: 'Writes one line of JSON a request to standard error: route, status and time.' },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    'Pictures in, JSON out: no picture is written to disk or into a log, and no score is told. There is no login: put it behind one, and keep /metrics from the public (it holds a histogram of scores).',
    'SIGTERM and SIGINT end it gracefully: new requests get 503, those in flight are answered for up to 10 seconds. A second signal ends it at once.',
  ],
  examples: [
    'unspoof serve',
    "curl -H 'content-type: image/jpeg' --data-binary @selfie.jpg http://127.0.0.1:8080/v1/check",
  ],
  run,
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  if (args.positionals.length > 0) throw new LivenessError('OPTION_INVALID', 'unspoof serve takes options only.')
  const host = args.text('host') ?? DEFAULT_HOST
  const port = args.number('port', { min: 0, max: 65_535, integer: true }) ?? DEFAULT_PORT
  const models = await Promise.all(args.list('model').map((spec) => resolveModel(spec, args.list('models-dir'))))
  const operatingPoint = operatingPointFrom(args)
  const crops = cropsFrom(args)
  const faces = args.choice('faces', ['single', 'all'])
  const workers = args.number('workers', { ...POOL_RANGES.workers, integer: true }) ?? availableParallelism()
  const queue = args.number('queue', { ...POOL_RANGES.queue, integer: true }) ?? POOL_DEFAULTS.queue
  const metricsPort = args.number('metrics-port', { min: 0, max: 65_535, integer: true })
  const rest = createRestServer({
    // A histogram of scores tells an attacker what a single answer does not.
    metricsHere: metricsPort === undefined && isLoopback(host),
    startPool: () =>
      createLivenessPool({
        workers,
        queue,
        ...(models.length === 0
          ? {}
          : {
              models: models.map(({ source, variant }) =>
                variant === undefined ? { model: source } : { model: source, variant },
              ),
            }),
        ...(operatingPoint === undefined ? {} : { operatingPoint }),
        ...(crops === undefined ? {} : { crops }),
        ...(faces === undefined ? {} : { faces }),
      }),
    maxConnections:
      args.number('max-connections', { min: 1, max: 1_000_000, integer: true }) ?? DEFAULT_MAX_CONNECTIONS,
    drainMs: DRAIN_MS,
    ...(args.flag('log') ? { log: (entry: object) => terminal.note(JSON.stringify(entry)) } : {}),
  })
  // Asked for before anything can go wrong, so that a signal during the start is not lost.
  const stopped = untilStopped(terminal)
  try {
    await listen(rest.server, port, host)
    if (metricsPort !== undefined) await listen(rest.metricsServer, metricsPort, DEFAULT_HOST)
  } catch (error) {
    await rest.drain()
    throw error
  }
  terminal.print(`Listening on ${addressOf(rest.server, host)}`)
  if (metricsPort !== undefined) terminal.print(`Metrics on ${addressOf(rest.metricsServer, DEFAULT_HOST)}/metrics`)
  try {
    await Promise.race([rest.ready, stopped])
    terminal.note('Ready.')
    await stopped
  } finally {
    await rest.drain()
  }
  terminal.note('Stopped.')
  return EXIT.OK
}

/** @throws LivenessError INPUT_INVALID where the port is taken or the address is not this machine's. */
async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new LivenessError('INPUT_INVALID', `Cannot listen on ${host}:${port} (${code}).`, {
      cause: error,
      hint:
        code === 'EADDRINUSE' ? 'Another program has the port: choose one with --port.' : 'Check --host and --port.',
    })
  }
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

/** Resolves at the first signal; the second ends the process on the spot. */
function untilStopped(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = () => {
      if (asked) process.exit(EXIT.ERROR)
      asked = true
      terminal.note('Stopping: answering what is in flight ...')
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
