/** Fetches asset files from the application's own origin: cached by content, checked by SHA-256. */
import { LivenessError, sha256Hex } from '@unspoof/core'
import { watchdog } from '../watchdog.ts'
import { type AssetFile, MANIFEST_NAME, type Manifest, parseManifest } from './manifest.ts'

/** Milliseconds in which nothing arrives, after which a download is given up. A slow one that goes on is waited for. */
const STALL_MS = 20_000

/** Called with the bytes that arrived since the last call. */
export type OnBytes = (bytes: number) => void

/**
 * Reads the manifest, asking the server whether it changed.
 * @param integrity lower-case hex SHA-256 the manifest must have, where the application pins it
 * @throws LivenessError MODEL_MISSING, MODEL_HASH, NETWORK, DOWNLOAD_TIMEOUT
 */
export async function fetchManifest(assets: string, version: string, integrity: string | undefined): Promise<Manifest> {
  const url = new URL(MANIFEST_NAME, assets).href
  const bytes = await read(url, 'no-cache')
  if (integrity !== undefined && (await sha256Hex(bytes)) !== integrity) {
    throw new LivenessError('MODEL_HASH', `${url} has another SHA-256 than the integrity option says.`)
  }
  return parseManifest(new TextDecoder().decode(bytes), version, url)
}

/**
 * Reads one file. Its hash is part of the address, so the browser's cache may keep it for ever and an update is a new
 * address; what a cache or a proxy damaged is fetched once more before it is an error.
 * @throws LivenessError MODEL_MISSING, MODEL_HASH, NETWORK, DOWNLOAD_TIMEOUT
 */
export async function fetchAsset(assets: string, file: AssetFile, onBytes?: OnBytes): Promise<Uint8Array<ArrayBuffer>> {
  const url = assetUrl(assets, file)
  const cached = await read(url, 'force-cache', onBytes, file.bytes)
  if (await matches(cached, file)) return cached
  const fresh = await read(url, 'reload')
  if (await matches(fresh, file)) return fresh
  throw new LivenessError('MODEL_HASH', `${file.path} is not the file that ${MANIFEST_NAME} lists.`, {
    hint: 'Copy the assets again, and make sure the server sends them unchanged.',
  })
}

/** The address of a file, with its hash in it. */
export function assetUrl(assets: string, file: AssetFile): string {
  const url = new URL(file.path, assets)
  url.searchParams.set('v', file.sha256.slice(0, 16))
  return url.href
}

async function matches(bytes: Uint8Array<ArrayBuffer>, file: AssetFile): Promise<boolean> {
  return bytes.byteLength === file.bytes && (await sha256Hex(bytes)) === file.sha256
}

async function read(
  url: string,
  cache: RequestCache,
  onBytes?: OnBytes,
  expected?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const watch = watchdog(STALL_MS)
  try {
    let response: globalThis.Response
    try {
      response = await fetch(url, { cache, credentials: 'same-origin', redirect: 'error', signal: watch.signal })
    } catch (cause) {
      throw watch.expired ? tooSlow(url, cause) : new LivenessError('NETWORK', `${url} cannot be fetched.`, { cause })
    }
    if (!response.ok) {
      throw new LivenessError('MODEL_MISSING', `${url} answered ${response.status}.`, {
        hint: 'Run "npx unspoof-assets public/unspoof", or correct the assets option.',
      })
    }
    try {
      if (expected === undefined || response.body === null) return new Uint8Array(await response.arrayBuffer())
      return await collect(response.body, expected, (bytes) => {
        watch.reset()
        onBytes?.(bytes)
      })
    } catch (cause) {
      throw watch.expired ? tooSlow(url, cause) : new LivenessError('NETWORK', `${url} broke off.`, { cause })
    }
  } finally {
    watch.stop()
  }
}

function tooSlow(url: string, cause: unknown): LivenessError {
  return new LivenessError('DOWNLOAD_TIMEOUT', `Nothing of ${url} arrived for ${STALL_MS} ms.`, { cause })
}

/** Written where it belongs as it arrives: no copy of 14 MB at the end, which would hold the page up. */
async function collect(
  body: ReadableStream<Uint8Array>,
  expected: number,
  onBytes: OnBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(expected)
  const reader = body.getReader()
  let length = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const end = length + part.value.byteLength
    if (end > expected) {
      // Not the file that is wanted.
      await reader.cancel()
      return new Uint8Array(0)
    }
    bytes.set(part.value, length)
    length = end
    onBytes(part.value.byteLength)
  }
  return bytes.subarray(0, length)
}
