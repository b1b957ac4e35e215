/** `unspoof serve`: the check as a REST server. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LivenessError, OPERATING_POINTS } from '@unspoof/core'
import { DEFAULT_LIMITS as BODY_DEFAULTS, LIMIT_RANGES as BODY_RANGES, type UploadLimits } from '@unspoof/http'
import { createLivenessPool, DEFAULT_LIMITS, LIMIT_RANGES, POOL_DEFAULTS, POOL_RANGES } from '@unspoof/node'
import { CHALLENGE_KINDS, type ChallengeKind } from '@unspoof/session'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { resolveModel } from '../models/resolve.ts'
import { cropsFrom, MODEL_OPTIONS, operatingPointFrom } from '../options.ts'
import { createRestServer } from '../serve/server.ts'
import type { SessionSettings } from '../serve/sessions.ts'
import { generateTokenKey, readTokenKey } from '../serve/token-key.ts'
import type { Terminal } from '../terminal/terminal.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8080
const DEFAULT_MAX_CONNECTIONS = 1024
/** Milliseconds; orchestrators usually kill after 30 s. */
const DRAIN_MS = 10_000
/** Issuer and audience of tokens that nobody but this process can verify. */
const DEFAULT_NAME = 'unspoof'
/** Names the choice of no movement. */
const NO_CHALLENGE = 'none'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Serves checks and sessions over HTTP: POST /v1/check, /v1/sessions, probes, metrics, OpenAPI.',
  usage: ['serve [--host HOST] [--port PORT]'],
  options: {
    host: { type: 'string', value: 'HOST', help: `Address to listen on. Default: ${DEFAULT_HOST}.` },
    port: { type: 'string', short: 'p', value: 'PORT', help: `Port, 0 for any. Default: ${DEFAULT_PORT}.` },
    'operating-point': MODEL_OPTIONS['operating-point'],
    calibration: MODEL_OPTIONS.calibration,
    model: { type: 'string', short: 'm', value: 'MODEL', multiple: true, help: 'Another model; several are averaged.' },
    'models-dir': MODEL_OPTIONS['models-dir'],
    crops: MODEL_OPTIONS.crops,
    faces: { type: 'string', value: 'single|all', help: 'How several faces in a picture are taken. Default: single.' },
    workers: { type: 'string', value: 'N', help: 'Worker threads. Default: one more than cores.' },
    queue: {
      type: 'string',
      value: 'N',
      help: `Checks that may wait; more are answered 503. Default: ${POOL_DEFAULTS.queue}.`,
    },
    'max-bytes': {
      type: 'string',
      value: 'N',
      help: `Bytes of one image. Default: ${DEFAULT_LIMITS.maxBytes}.`,
    },
    'max-pixels': {
      type: 'string',
      value: 'N',
      help: `Pixels of one image; larger JPEGs are reduced. Default: ${DEFAULT_LIMITS.maxPixels}.`,
    },
    redis: {
      type: 'string',
      value: 'URL',
      help: 'Keeps sessions in Redis, for several servers. Also UNSPOOF_REDIS_URL. Default: in this process.',
    },
    'token-key': {
      type: 'string',
      value: 'FILE',
      help: 'Private Ed25519 or P-256 key (PEM, JWK, or JWK set whose first key signs) of session tokens. Also UNSPOOF_TOKEN_KEY. Default: one that ends with this process.',
    },
    issuer: { type: 'string', value: 'NAME', help: `Who signs session tokens. Default: ${DEFAULT_NAME}.` },
    audience: {
      type: 'string',
      value: 'NAME',
      help: `Who may accept them; needed with --token-key. Default: ${DEFAULT_NAME}.`,
    },
    challenge: {
      type: 'string',
      value: [...CHALLENGE_KINDS, NO_CHALLENGE].join('|'),
      multiple: true,
      help: 'A movement sessions may ask for; `none` alone asks for none. Default: any.',
    },
    'no-depth': {
      type: 'boolean',
      help: 'Does not measure whether a head or a flat image moved. Then one photo that is zoomed and warped can pass a session.',
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
    'Sessions are for your backend, which knows who is logged in: it sends UNSPOOF_BACKEND_KEY as bearer token and the account in the header liveness-subject. Without that key they are served only where HOST is this machine itself. With Redis, UNSPOOF_SESSION_SECRET must be the same on every server.',
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
  const calibration = args.text('calibration')
  const workers = args.number('workers', { ...POOL_RANGES.workers, integer: true }) ?? POOL_DEFAULTS.workers
  const queue = args.number('queue', { ...POOL_RANGES.queue, integer: true }) ?? POOL_DEFAULTS.queue
  const metricsPort = args.number('metrics-port', { min: 0, max: 65_535, integer: true })
  const maxBytes = args.number('max-bytes', { ...LIMIT_RANGES.maxBytes, integer: true }) ?? DEFAULT_LIMITS.maxBytes
  const maxPixels = args.number('max-pixels', { ...LIMIT_RANGES.maxPixels, integer: true }) ?? DEFAULT_LIMITS.maxPixels
  const rest = await createRestServer({
    limits: bodyLimits(maxBytes),
    sessions: await sessionsFrom(args, host, terminal),
    // A histogram of scores tells an attacker what a single answer does not.
    metricsHere: metricsPort === undefined && isLoopback(host),
    startPool: () =>
      createLivenessPool({
        workers,
        queue,
        limits: { maxBytes, maxPixels },
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
        ...(calibration === undefined ? {} : { calibration }),
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

/**
 * Undefined where nobody could be told from anybody (a public address and no backend key), and with a threshold that has no name.
 * @throws LivenessError OPTION_INVALID, INPUT_UNREADABLE
 */
async function sessionsFrom(args: Arguments, host: string, terminal: Terminal): Promise<SessionSettings | undefined> {
  const { UNSPOOF_BACKEND_KEY: backendKey, UNSPOOF_SESSION_SECRET: secret } = process.env
  const { UNSPOOF_REDIS_URL, UNSPOOF_TOKEN_KEY } = process.env
  if (backendKey === undefined && !isLoopback(host)) {
    terminal.note(`No sessions at ${host} without UNSPOOF_BACKEND_KEY: anybody could start one for anybody.`)
    return undefined
  }
  const operatingPoint = operatingPointFrom(args)
  if (typeof operatingPoint === 'number') {
    terminal.note(`No sessions with a threshold of your own: they want ${OPERATING_POINTS.join(', ')}.`)
    return undefined
  }
  const file = args.text('token-key')
  const keyText = file === undefined ? UNSPOOF_TOKEN_KEY : await readKeyFile(file)
  const audience = args.text('audience')
  if (keyText !== undefined && audience === undefined) {
    throw new LivenessError('OPTION_INVALID', 'Expected --audience with a token key: who may accept the tokens.')
  }
  if (keyText === undefined) {
    terminal.note('Session tokens are signed with a key that ends with this process; --token-key keeps one.')
  }
  return {
    redis: args.text('redis') ?? UNSPOOF_REDIS_URL,
    secret,
    backendKey,
    tokenKey: keyText === undefined ? generateTokenKey() : readTokenKey(keyText),
    issuer: args.text('issuer') ?? DEFAULT_NAME,
    audience: audience ?? DEFAULT_NAME,
    operatingPoint,
    depth: !args.flag('no-depth'),
    challenges: challengesOf(args.choices('challenge', [...CHALLENGE_KINDS, NO_CHALLENGE])),
  }
}

/** What a body may hold so that its image may have `maxBytes`, as text in JSON too. */
function bodyLimits(maxBytes: number): Partial<UploadLimits> {
  const asText = Math.ceil(maxBytes / 3) * 4 + BODY_DEFAULTS.jsonTextBytes
  return {
    fileBytes: maxBytes,
    bodyBytes: Math.max(BODY_DEFAULTS.bodyBytes, asText),
    jsonBytes: Math.min(Math.max(BODY_DEFAULTS.jsonBytes, asText), BODY_RANGES.jsonBytes.max),
  }
}

/** Every named movement; none where only `none` is named. */
function challengesOf(named: readonly (ChallengeKind | typeof NO_CHALLENGE)[] | undefined) {
  return named?.filter((kind) => kind !== NO_CHALLENGE)
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new LivenessError('INPUT_UNREADABLE', 'The file of --token-key cannot be read.', { cause })
  }
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
