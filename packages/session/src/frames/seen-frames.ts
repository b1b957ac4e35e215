/** Remembers frames of earlier sessions by keyed hashes, and recognises them when they come again. */
import { hammingDistance, type PerceptualHash } from '@unspoof/core'
import { fromBase64Url, toBase64Url } from '../bytes.ts'
import type { Keys } from '../keys.ts'
import type { Store } from '../store/store.ts'

/*
 * How a frame is found again though its hash differs in a few bits and the store must not learn the hash:
 *
 * The 64 coarse bits are cut into 6 bands. Four flipped bits spoil at most four bands, so two bands are whole, and of the 15 pairs of bands at
 * least one is equal. Each pair (21 bits) gives a key, HMAC(secret, pair number and bits): 15 exact look-ups find every frame within a Hamming
 * distance of 4. What lies there is the session's id, the frame's number and the 256 fine bits, sealed with AES-GCM. The server opens the candidates
 * and compares the fine bits. The store holds no picture, and without the secret neither hashes nor distances.
 */
const BAND_ENDS = [11, 22, 33, 44, 54, 64] as const
const PAIRS = BAND_ENDS.flatMap((_, a) => BAND_ENDS.slice(a + 1).map((_, i) => [a, a + 1 + i] as const))

/** Frames remembered of each session, spread evenly: enough to recognise it, without 15 keys for every frame. */
const REMEMBERED = 4

/** Remembered frames of one earlier session that must come again: one alone may be the same person sitting still. */
const ENOUGH = 2

/** Fine bits that may differ. README.md has the measurement behind the number. */
export const MAX_DISTANCE = 10

/** Remembered frames are sealed for the index, not for one key: each lies at many. */
const PLACE = 'frames'

/** Newest frames kept at one key. */
const PER_KEY = 16

export interface SeenFrames {
  /**
   * Remembers a session's frames and tells whether an earlier session had them.
   * @returns the greatest number of remembered frames of one other session that are here again, and whether that is enough.
   */
  check(
    sessionId: string,
    hashes: readonly PerceptualHash[],
  ): Promise<{ readonly matches: number; readonly bound: number; readonly seen: boolean }>
}

export function createSeenFrames(store: Store, keys: Keys, ttlMs: number): SeenFrames {
  return {
    async check(sessionId, hashes) {
      const addresses = await Promise.all(hashes.map((hash) => addressesOf(hash, keys)))
      // Appending before reading: of two sessions that submit the same frames at the same moment at least one sees the other.
      for (const index of spread(hashes.length)) {
        await store.append(
          addresses[index]!,
          await keys.seal(encode(sessionId, index, hashes[index]!.fine), PLACE),
          ttlMs,
          PER_KEY,
        )
      }
      const lists = await store.members(addresses.flat())
      const opened = new Map<string, Remembered | undefined>()
      const found = new Map<string, Set<number>>()
      for (const [i, list] of lists.entries()) {
        const { fine } = hashes[Math.floor(i / PAIRS.length)]!
        for (const sealed of list) {
          if (!opened.has(sealed)) opened.set(sealed, decode(await keys.open(sealed, PLACE)))
          const other = opened.get(sealed)
          if (other === undefined || other.sessionId === sessionId) continue
          if (hammingDistance(fine, other.fine) > MAX_DISTANCE) continue
          found.set(other.sessionId, (found.get(other.sessionId) ?? new Set()).add(other.index))
        }
      }
      const matches = Math.max(0, ...[...found.values()].map((indices) => indices.size))
      const bound = Math.min(ENOUGH, hashes.length)
      return { matches, bound, seen: matches >= bound }
    },
  }
}

async function addressesOf({ coarse }: PerceptualHash, keys: Keys): Promise<string[]> {
  const bands = BAND_ENDS.map((end, i) => coarse.slice(BAND_ENDS[i - 1] ?? 0, end).join(''))
  return Promise.all(PAIRS.map(([a, b], i) => keys.name('frame', `${i}:${bands[a]}:${bands[b]}`)))
}

function spread(n: number): number[] {
  const count = Math.min(REMEMBERED, n)
  if (count < 2) return count === 1 ? [0] : []
  return Array.from({ length: count }, (_, i) => Math.round((i * (n - 1)) / (count - 1)))
}

interface Remembered {
  readonly sessionId: string
  readonly index: number
  readonly fine: Uint8Array
}

function encode(sessionId: string, index: number, fine: Uint8Array): string {
  return `${sessionId}.${index}.${toBase64Url(fine)}`
}

/** What cannot be opened is not ours: with another secret frames lie at other places, so somebody else wrote it there. */
function decode(text: string | undefined): Remembered | undefined {
  if (text === undefined) return undefined
  const [sessionId, index, fine] = text.split('.') as [string, string, string]
  return { sessionId, index: Number(index), fine: fromBase64Url(fine) }
}
