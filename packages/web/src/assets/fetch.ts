/** Fetches asset files from the application's own origin: cached by content, checked by SHA-256. */
import { LivenessError, sha256Hex } from '@unspoof/core'
import { type AssetFile, MANIFEST_NAME, type Manifest, parseManifest } from './manifest.ts'

/** Called with the bytes that arrived since the last call. */
export type OnBytes = (bytes: number) => void

/**
 * Reads the manifest, asking the server whether it changed.
 * @param integrity lower-case hex SHA-256 the manifest must have, where the application pins it
 * @throws LivenessError MODEL_MISSING, MODEL_HASH, NETWORK
 */
export async function fetchManifest(
  assets: string,
  version: string,
  integrity: string | undefined,
  signal?: AbortSignal,
): Promise<Manifest> {
  const url = new URL(MANIFEST_NAME, assets).href
  const bytes = await read(url, 'no-cache', signal)
  if (integrity !== undefined && (await sha256Hex(bytes)) !== integrity) {
    throw new LivenessError('MODEL_HASH', `${url} has another SHA-256 than the integrity option says.`)
  }
  return parseManifest(new TextDecoder().decode(bytes), version, url)
}

/**
 * Reads one file. Its hash is part of the address, so the browser's cache may keep it for ever and an update is a new
 * address; what a cache or a proxy damaged is fetched once more before it is an error.
 * @throws LivenessError MODEL_MISSING, MODEL_HASH, NETWORK
 */
export async function fetchAsset(
  assets: string,
  file: AssetFile,
  signal?: AbortSignal,
  onBytes?: OnBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = assetUrl(assets, file)
  const cached = await read(url, 'force-cache', signal, onBytes)
  if (await matches(cached, file)) return cached
  const fresh = await read(url, 'reload', signal)
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
  signal: AbortSignal | undefined,
  onBytes?: OnBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  let response: globalThis.Response
  try {
    response = await fetch(url, { cache, credentials: 'same-origin', redirect: 'error', signal: signal ?? null })
  } catch (error) {
    if (signal?.aborted) throw new LivenessError('ABORTED', 'Loading was given up.', { cause: error })
    throw new LivenessError('NETWORK', `${url} cannot be fetched.`, { cause: error })
  }
  if (!response.ok) {
    throw new LivenessError('MODEL_MISSING', `${url} answered ${response.status}.`, {
      hint: 'Run "npx unspoof copy-assets public/unspoof", or correct the assets option.',
    })
  }
  try {
    return await collect(response, onBytes)
  } catch (error) {
    throw new LivenessError(signal?.aborted ? 'ABORTED' : 'NETWORK', `${url} broke off.`, { cause: error })
  }
}

async function collect(response: globalThis.Response, onBytes: OnBytes | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (onBytes === undefined || response.body === null) return new Uint8Array(await response.arrayBuffer())
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value)
    length += part.value.byteLength
    onBytes(part.value.byteLength)
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
