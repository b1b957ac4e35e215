/** No network, no traces: what the kernel saw of a server that judged a picture (strace; CI unset, as for a user). */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, FACE, temporaryFolder } from './run.ts'

const MARKER = 'unspoof-canary-4711'
const hasStrace = canTrace()
if (!hasStrace) console.warn('strace is not installed or may not trace: what the server opens is not tested.')

function canTrace(): boolean {
  try {
    execFileSync('strace', ['-e', 'trace=none', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Nothing that tells software it runs in a test. */
function environment(home: string): Record<string, string> {
  return { PATH: process.env.PATH!, HOME: home, TMPDIR: home }
}

describe.skipIf(!hasStrace)('unspoof serve, seen by the kernel', () => {
  it('opens no socket but its own, and no file for writing', { timeout: 300_000 }, async () => {
    const folder = await temporaryFolder()
    const log = path.join(folder, 'strace.log')
    const calls =
      'trace=socket,connect,bind,sendto,sendmsg,openat,open,creat,mkdir,mkdirat,rename,renameat2,unlink,unlinkat'
    const server = spawn(
      'strace',
      [
        '-f',
        '-qq',
        '-s',
        '200',
        '-e',
        calls,
        '-o',
        log,
        process.execPath,
        BIN,
        'serve',
        '--port',
        '0',
        '--workers',
        '1',
      ],
      { env: environment(folder), cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let written = ''
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        written += chunk.toString()
      })
    }
    const ended = once(server, 'exit')
    const isReady = () => /Ready\./.test(written) || server.exitCode !== null
    await expect.poll(isReady, { timeout: 200_000 }).toBe(true)
    expect(written).toContain('Ready.')
    const base = /Listening on (\S+)/.exec(written)![1]!

    const form = new FormData()
    form.set('photo', new Blob([await readFile(FACE), MARKER], { type: 'image/jpeg' }), `${MARKER}.jpg`)
    expect(await (await fetch(`${base}/v1/check`, { method: 'POST', body: form })).json()).toMatchObject({
      code: 'LIVE',
    })
    const broken = await fetch(`${base}/v1/check`, {
      method: 'POST',
      body: `no picture but ${MARKER}`,
      headers: { 'content-type': 'image/jpeg' },
    })
    expect(broken.status).toBe(415)
    const started = await fetch(`${base}/v1/sessions`, {
      method: 'POST',
      headers: { 'liveness-subject': 'ada' },
      body: '{"version":2}',
    })
    expect(started.status).toBe(201)

    // strace itself does not hand signals on: the server is its child.
    const [pid] = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)])
      .toString()
      .trim()
      .split('\n')
    process.kill(Number(pid), 'SIGTERM')
    await ended
    const seen = (await readFile(log, 'utf8')).split('\n')

    // That the trace is one: the server's own socket, and files it read.
    expect(seen.filter((line) => /bind\(.*127\.0\.0\.1/.test(line))).toHaveLength(1)
    expect(seen.some((line) => line.includes('model') && line.includes('O_RDONLY'))).toBe(true)

    const isNetwork = /\b(connect|sendto|sendmsg)\(.*sa_family=AF_INET/
    expect('7 connect(18, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16)').toMatch(
      isNetwork,
    )
    expect(seen.filter((line) => isNetwork.test(line))).toEqual([])
    const isWriting = /O_WRONLY|O_RDWR|O_CREAT|\b(creat|mkdir|mkdirat|rename|renameat2|unlink|unlinkat)\(/
    expect('7 openat(AT_FDCWD, "/tmp/a.jpg", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 18').toMatch(isWriting)
    // Devices take what is written to them nowhere.
    const files = seen.filter((line) => isWriting.test(line) && !/"\/dev\/(null|tty|urandom)"/.test(line))
    expect(files).toEqual([])
    expect(written).not.toContain(MARKER)
  })
})
