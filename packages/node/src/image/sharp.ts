/** Loads sharp, and refuses versions with known holes in their decoders. */
import { LivenessError } from '@unspoof/core'
import type sharpFunction from 'sharp'
import { loaderSays } from '../runtime/load-ort.ts'

export type Sharp = typeof sharpFunction

/** Older ones decode with a libheif that may run an attacker's code (GHSA-rgj7-g3m4-5g8c). */
const SHARP_FLOOR = '0.35.4'

/** @throws LivenessError RUNTIME_MISSING where sharp is absent, does not fit this machine or is older than {@link SHARP_FLOOR}. */
export async function loadSharp(load: () => Promise<{ default: Sharp }> = () => import('sharp')): Promise<Sharp> {
  let sharp: Sharp
  try {
    sharp = (await load()).default
  } catch (cause) {
    throw new LivenessError(
      'RUNTIME_MISSING',
      `sharp cannot be loaded: found Node ${process.versions.node} on ${process.platform}-${process.arch}; required its binary for this platform. ${loaderSays(cause)}`,
      { cause, hint: `Run: npm install --os=${process.platform} --cpu=${process.arch} sharp@^${SHARP_FLOOR}` },
    )
  }
  const found = sharp.versions.sharp ?? '0.0.0'
  if (!isAtLeast(found, SHARP_FLOOR)) {
    throw new LivenessError(
      'RUNTIME_MISSING',
      `sharp is too old: found ${found}; required ${SHARP_FLOOR} or newer, because older ones have known security holes.`,
      { hint: `Run: npm install sharp@^${SHARP_FLOOR}` },
    )
  }
  return sharp
}

function isAtLeast(version: string, floor: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/).map((part) => Number.parseInt(part, 10))
  const [a, b] = [numbers(version), numbers(floor)]
  for (let i = 0; i < 3; i++) {
    if (a[i] !== b[i]) return (a[i] ?? 0) > (b[i] ?? 0)
  }
  return true
}
