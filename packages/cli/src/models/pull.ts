/** Downloads the weights a card names: pinned by SHA-256, resumable, and in place only when whole. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { LivenessError, toLivenessError } from '@unspoof/core'
import { fetchThroughProxy } from './fetch.ts'

export interface Download {
  readonly url: string
  /** Where the file shall lie. */
  readonly target: string
  /** Lower-case hex. */
  readonly sha256: string
  /** Exact size where it is known; more than {@link MAX_BYTES} is refused in any case. */
  readonly bytes?: number
  readonly onProgress?: (done: number, total: number | undefined) => void
}

export const MAX_BYTES = 1024 * 1024 * 1024

/** Milliseconds without a byte until the download is given up; what has arrived is kept. */
const STALL_MS = 30_000

/**
 * Downloads a file, going on where an earlier try broke off.
 * @returns `present` where the file was already there, with the right hash.
 * @throws LivenessError NETWORK (try again), MODEL_HASH, MODEL_MISSING (the server has no such file), INPUT_UNREADABLE (disk).
 */
export async function pull(download: Download): Promise<'pulled' | 'present'> {
  const { url, target, sha256 } = download
  checkUrl(url)
  if ((await hashOf(target)) === sha256) return 'present'
  const part = `${target}.${sha256.slice(0, 12)}.part`
  try {
    await mkdir(path.dirname(target), { recursive: true })
    const unlock = await lock(`${part}.lock`)
    try {
      await fetchInto(part, download)
      if ((await hashOf(part)) !== sha256) {
        await rm(part, { force: true })
        throw new LivenessError(
          'MODEL_HASH',
          `What ${new URL(url).host} sends has another SHA-256 than is pinned for ${path.basename(target)}.`,
          {
            hint: 'The file was not kept. If its author replaced it, check the new one before you pin its hash.',
          },
        )
      }
      await rename(part, target)
      return 'pulled'
    } finally {
      await unlock()
    }
  } catch (error) {
    throw toLivenessError(error, 'INPUT_UNREADABLE', `Cannot write ${target}: ${systemReason(error)}.`)
  }
}

function checkUrl(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new LivenessError('OPTION_INVALID', 'Expected an http or https address to pull from.')
  }
}

/** `no space left on device` and the like; a path in the message is the user's own. */
function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOSPC'
    ? 'the disk is full'
    : code === 'EACCES' || code === 'EROFS'
      ? 'it may not be written to'
      : (code ?? 'unknown reason')
}

async function fetchInto(part: string, { url, target, bytes, onProgress }: Download): Promise<void> {
  const limit = bytes ?? MAX_BYTES
  let have = (await stat(part).catch(() => undefined))?.size ?? 0
  if (have > limit) have = 0
  if (bytes !== undefined && have === bytes) return
  const stall = new AbortController()
  let timer = setTimeout(() => stall.abort(), STALL_MS)
  let file: FileHandle | undefined
  try {
    const response = await fetchThroughProxy(url, {
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
      signal: stall.signal,
    })
    // 416: what we have is all there is, or the file is another one by now; the hash will tell.
    if (response.status === 416) return
    if (response.status === 404 || response.status === 410) {
      throw new LivenessError('MODEL_MISSING', `${new URL(url).host} has no such file (HTTP ${response.status}).`)
    }
    if (!response.ok || response.body === null) {
      throw new LivenessError('NETWORK', `${new URL(url).host} answered HTTP ${response.status}.`)
    }
    const resumed = response.status === 206 && contentRangeStart(response.headers.get('content-range')) === have
    if (!resumed) have = 0
    const length = Number(response.headers.get('content-length') ?? Number.NaN)
    const total = bytes ?? (Number.isFinite(length) ? have + length : undefined)
    file = await open(part, resumed ? 'a' : 'w')
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer)
      timer = setTimeout(() => stall.abort(), STALL_MS)
      have += chunk.byteLength
      if (have > limit) {
        throw new LivenessError(
          'MODEL_HASH',
          `${new URL(url).host} sends more than the ${limit} bytes of ${path.basename(target)}.`,
        )
      }
      await file.write(chunk)
      onProgress?.(have, total)
    }
  } catch (error) {
    if (error instanceof LivenessError) {
      if (error.code === 'MODEL_HASH') await rm(part, { force: true })
      throw error
    }
    // The disk's errors are for the caller; the rest is the network.
    if ((error as NodeJS.ErrnoException).syscall !== undefined && file !== undefined) throw error
    throw new LivenessError('NETWORK', `The download from ${new URL(url).host} broke off.`, {
      cause: error,
      hint: 'Run the same command again: it goes on where it stopped. Behind a proxy, set HTTPS_PROXY.',
    })
  } finally {
    clearTimeout(timer)
    await file?.close()
  }
}

function contentRangeStart(header: string | null): number | undefined {
  const match = /^bytes (\d+)-/.exec(header ?? '')
  return match === null ? undefined : Number(match[1])
}

/** SHA-256 of a file, or `undefined` where there is none. */
async function hashOf(file: string): Promise<string | undefined> {
  const info = await stat(file).catch(() => undefined)
  if (info?.isFile() !== true) return undefined
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

/** One download of a file at a time; the lock of a process that died is taken over. */
async function lock(file: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx')
      await handle.write(String(process.pid))
      await handle.close()
      return () => rm(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const owner = Number(await readFile(file, 'utf8').catch(() => ''))
      if (isAlive(owner)) break
      await rm(file, { force: true })
    }
  }
  throw new LivenessError('NETWORK', `Another process is downloading ${path.basename(file).split('.')[0]} right now.`, {
    hint: `Wait for it. If there is none, remove ${file}.`,
  })
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
