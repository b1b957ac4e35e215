/** A Liveness without a model, for tests of what happens around it: the picture itself says which verdict it gets. */
import { createHash } from 'node:crypto'
import {
  type CheckOptions,
  LivenessError,
  type LivenessResult,
  reason,
  VERDICT_CODES,
  type Verdict,
} from '@unspoof/core'

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0])

/** Bytes that start like a JPEG and that {@link fakeLiveness} answers with this verdict. */
export function picture(verdict: Verdict | 'broken' | 'crash' | 'hang' = 'live', size = 64): Buffer {
  return Buffer.concat([JPEG, Buffer.from(`<${verdict}>`)], Math.max(size, 32))
}

export interface FakeLiveness {
  check(input: Uint8Array, options?: CheckOptions): Promise<LivenessResult>
  /** What was asked for, in order. */
  readonly calls: { readonly sha256: string; readonly options: CheckOptions }[]
  /** How many `hang` pictures were given up by their signal. */
  aborted: number
}

export function fakeLiveness(): FakeLiveness {
  const fake: FakeLiveness = {
    calls: [],
    aborted: 0,
    async check(input, options = {}) {
      const bytes = Buffer.from(input)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      fake.calls.push({ sha256, options })
      if (!bytes.subarray(0, 3).equals(JPEG.subarray(0, 3))) {
        throw bytes.length === 0
          ? new LivenessError('IMAGE_CORRUPT', 'Expected a picture.')
          : new LivenessError('IMAGE_TYPE', 'Expected a JPEG, PNG or WebP picture.')
      }
      const said = /<([\w-]+)>/.exec(bytes.toString('latin1', 0, 64))?.[1]
      if (said === 'broken') throw new LivenessError('IMAGE_CORRUPT', 'The picture is damaged.')
      if (said === 'crash') throw new TypeError('Cannot read properties of undefined (/srv/secret/path)')
      if (said === 'hang') {
        await new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => {
            fake.aborted++
            reject(new LivenessError('ABORTED', 'Given up.'))
          })
        })
      }
      return resultOf((said as Verdict | undefined) ?? 'retry', sha256)
    },
  }
  return fake
}

function resultOf(verdict: Verdict, sha256?: string): LivenessResult {
  const codes = { live: [], spoof: ['attack-suspected'], retry: ['no-face'], 'not-checked': ['unavailable'] } as const
  const reasons = codes[verdict].map((code) => reason(code))
  return {
    verdict,
    code: VERDICT_CODES[verdict],
    liveProbability: { live: 0.987654, spoof: 0.012345, retry: null, 'not-checked': null }[verdict],
    stability: verdict === 'retry' ? null : 0.876543,
    reasons,
    hint: reasons[0]?.hint ?? '',
    face: null,
    faces: [],
    signals: null,
    model: [{ id: 'fake', version: '1.0.0', variant: 'fp32' }],
    operatingPoint: { name: 'balanced', threshold: 0.765432 },
    timings: { decode: 0, detect: 0, quality: 0, crop: 0, model: 0, total: 0 },
    image: { width: 64, height: 64, sha256 },
  }
}
