/** The guard against data that share pictures: across subjects, across labels, and with what the model was trained on. */
import { readFile } from 'node:fs/promises'
import { type Frame, isLivenessError, lumaGrid, type PerceptualHash, perceptualHash } from '@unspoof/core'
import { groupBy, nearDuplicates } from '@unspoof/evaluation'
import { decodeImage } from '@unspoof/node'
import { counted } from '../terminal/counted.ts'
import type { LabelledPicture } from './index-file.ts'
import type { PictureScores } from './scores.ts'

/** Hashes of smaller pictures say too little. */
const MIN_SIDE = 64

export interface NearDuplicates {
  /** Names of evaluated pictures that nearly equal each other although their subjects, videos or labels differ. */
  readonly groups: readonly (readonly string[])[]
  /** Evaluated pictures that nearly equal one of the training list; `null` where none was given. */
  readonly trained: readonly { readonly name: string; readonly trainedOn: string }[] | null
  readonly warnings: readonly string[]
}

/** A picture of the training list. */
export interface HashedPicture {
  readonly name: string
  readonly hash: PerceptualHash
}

/** As it stands in a row of scores: 64 coarse bits, then 256 fine ones, in hexadecimal. `null` where the picture is too small. */
export function hashText(frame: Frame | undefined): string | null {
  if (frame === undefined || Math.min(frame.width, frame.height) < MIN_SIDE) return null
  const { coarse, fine } = perceptualHash(lumaGrid(frame))
  const packed = new Uint8Array(coarse.length / 8)
  for (const [i, bit] of coarse.entries()) packed[i >> 3]! |= bit << (i & 7)
  return Buffer.concat([packed, fine]).toString('hex')
}

/** @returns undefined for what {@link hashText} did not write */
function readHash(text: string | null | undefined): PerceptualHash | undefined {
  const bytes = Buffer.from(text ?? '', 'hex')
  if (bytes.length !== 40) return undefined
  return {
    coarse: Uint8Array.from({ length: 64 }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1),
    fine: new Uint8Array(bytes.subarray(8)),
  }
}

/**
 * Hashes the pictures of a training list, several at a time; what cannot be read or is too small is left out.
 * @param onPicture called after each
 */
export async function hashPictures(
  pictures: readonly Pick<LabelledPicture, 'name' | 'file'>[],
  onPicture: () => void,
): Promise<HashedPicture[]> {
  const hashed: HashedPicture[] = []
  const waiting = pictures.values()
  const worker = async () => {
    for (const { name, file } of waiting) {
      const hash = readHash(await hashOfFile(file))
      if (hash !== undefined) hashed.push({ name, hash })
      onPicture()
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  return hashed
}

async function hashOfFile(file: string): Promise<string | null> {
  try {
    return hashText((await decodeImage(await readFile(file))).frame)
  } catch (error) {
    // Only what is wrong with the file; anything else is a fault of ours.
    if (isLivenessError(error) || (error as NodeJS.ErrnoException).code !== undefined) return null
    throw error
  }
}

interface Candidate extends HashedPicture {
  readonly evaluated: boolean
}

/** @param training the pictures the model was trained on, where they are known */
export function findNearDuplicates(
  rows: readonly PictureScores[],
  pictures: readonly LabelledPicture[],
  training: readonly HashedPicture[] | undefined,
): NearDuplicates {
  const byName = new Map(pictures.map((picture) => [picture.name, picture]))
  const evaluated = rows.flatMap((row): Candidate[] => {
    const hash = row.perturbation === '' ? readHash(row.hash) : undefined
    return hash === undefined ? [] : [{ name: row.name, hash, evaluated: true }]
  })
  const found = nearDuplicates([...(training ?? []).map((one) => ({ ...one, evaluated: false })), ...evaluated])
  const among = found.map((group) => group.filter((one) => one.evaluated).map(({ name }) => byName.get(name)!))
  // A picture whose person is not known counts as another person.
  const clusterOf = ({ set, subject, video, name }: LabelledPicture) => `${set}\n${subject ?? video ?? name}`
  const strangers = among.filter((group) => groupBy(group, clusterOf).size > 1)
  const contradicting = among.filter((group) => groupBy(group, ({ label }) => label).size > 1)
  const trained = found.flatMap((group) => {
    const source = group.find((one) => !one.evaluated)
    if (source === undefined) return []
    return group.filter((one) => one.evaluated).map(({ name }) => ({ name, trainedOn: source.name }))
  })
  const warnings: string[] = []
  if (strangers.length > 0) {
    const count = strangers.reduce((sum, group) => sum + group.length, 0)
    warnings.push(
      `${counted(count, 'picture')} in ${counted(strangers.length, 'group')} of nearly equal ones of different subjects or videos (such as ${example(strangers[0]!)}): intervals are too narrow, and what is split by subject shares pictures.`,
    )
  }
  if (contradicting.length > 0) {
    warnings.push(
      `${counted(contradicting.length, 'group')} of nearly equal pictures with live and spoof ones (such as ${example(contradicting[0]!)}): a label may be wrong.`,
    )
  }
  if (training !== undefined && trained.length > 0) {
    warnings.push(
      `${trained.length} of ${counted(evaluated.length, 'picture')} nearly equal to one the model was trained on (${trained[0]!.name} and ${trained[0]!.trainedOn}): on these the rates measure memory.`,
    )
  }
  const groups = among.filter((group) => strangers.includes(group) || contradicting.includes(group))
  return {
    groups: groups.map((group) => group.map(({ name }) => name)),
    trained: training === undefined ? null : trained,
    warnings,
  }
}

function example(group: readonly LabelledPicture[]): string {
  return group
    .slice(0, 2)
    .map(({ name }) => name)
    .join(' and ')
}
