/** A real redis-server on a free loopback port, for tests; nothing on disk. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis, type RedisOptions } from 'ioredis'
import { freePort } from './free-port.ts'

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

if (!hasRedis) console.warn('redis-server is not on the PATH: tests that need a Redis are skipped.')

export class RedisServer {
  readonly port: number
  #process: ChildProcess
  readonly #folder: string
  readonly #clients: Redis[] = []

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
    this.#process = this.#spawn()
  }

  static async start(): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'unspoof-redis-'))
    for (;;) {
      const server = new RedisServer(await freePort(), folder)
      // Another program may have taken the port meanwhile: then Redis ends at once.
      if (await server.#ready()) return server
    }
  }

  #spawn(): ChildProcess {
    const args = [
      '--port',
      this.port,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      this.#folder,
      '--loglevel',
      'warning',
    ]
    return spawn('redis-server', args.map(String), { stdio: 'ignore' })
  }

  /** Whether it answers; false where it has ended. */
  async #ready(): Promise<boolean> {
    const client = new Redis(this.port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null })
    client.on('error', () => undefined)
    const ended = once(this.#process, 'exit').then(() => false)
    // What is on the port might be another Redis.
    const isOurs = client.info('server').then(
      (text) => text.includes(`process_id:${this.#process.pid}\r\n`),
      () => false,
    )
    const answers = await Promise.race([isOurs, ended])
    client.disconnect()
    return answers
  }

  /** As an application should configure it. */
  client(options: RedisOptions = {}): Redis {
    const client = new Redis(this.port, '127.0.0.1', {
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      retryStrategy: () => 100,
      ...options,
    })
    // Without a listener ioredis writes every lost connection to the console.
    client.on('error', () => undefined)
    this.#clients.push(client)
    return client
  }

  async connected(options: RedisOptions = {}): Promise<Redis> {
    const client = this.client(options)
    if (client.status !== 'ready') await once(client, 'ready')
    return client
  }

  /** The process stops answering, its connections stay open. */
  freeze(): void {
    this.#process.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }

  /** Empty, as after a crash without persistence. */
  async restart(): Promise<void> {
    this.#process = this.#spawn()
    if (!(await this.#ready())) throw new Error(`Redis did not come back on port ${this.port}.`)
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.thaw()
      await this.kill()
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
