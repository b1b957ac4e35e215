import { type PerceptualHash, seededRandom } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { NEAR_DUPLICATE_BITS, nearDuplicates } from '../near-duplicates.ts'

const random = seededRandom(5)

function randomHash(): PerceptualHash {
  return {
    coarse: Uint8Array.from({ length: 64 }, () => (random() < 0.5 ? 0 : 1)),
    fine: Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256)),
  }
}

/** Another hash with so many bits flipped. */
function flipped({ coarse, fine }: PerceptualHash, coarseBits: readonly number[], fineBits: number): PerceptualHash {
  const other = { coarse: coarse.slice(), fine: fine.slice() }
  for (const bit of coarseBits) other.coarse[bit]! ^= 1
  for (let bit = 0; bit < fineBits; bit++) other.fine[bit >> 3]! ^= 1 << (bit & 7)
  return other
}

const names = (groups: { name: string }[][]) => groups.map((group) => group.map(({ name }) => name))

describe('nearDuplicates', () => {
  it('finds the groups among many, in the order given', () => {
    const [a, b] = [randomHash(), randomHash()]
    const strangers = Array.from({ length: 500 }, (_, i) => ({ name: `stranger ${i}`, hash: randomHash() }))
    const pictures = [
      { name: 'a', hash: a },
      ...strangers.slice(0, 250),
      { name: 'b', hash: b },
      { name: 'a again', hash: flipped(a, [], 4) },
      ...strangers.slice(250),
      { name: 'b again', hash: flipped(b, [0], 2) },
      { name: 'a once more', hash: a },
    ]
    expect(names(nearDuplicates(pictures))).toEqual([
      ['a', 'a again', 'a once more'],
      ['b', 'b again'],
    ])
    expect(nearDuplicates(strangers)).toEqual([])
    expect(nearDuplicates([])).toEqual([])
  })

  it('tolerates four coarse bits wherever they are, and as many fine bits as documented, not one more', () => {
    const hash = randomHash()
    for (const coarse of [
      [0, 11, 22, 33],
      [63, 54, 44, 10],
      [0, 1, 2, 3],
      [5, 15, 25, 45],
    ]) {
      const found = (fineBits: number) => nearDuplicates([{ hash }, { hash: flipped(hash, coarse, fineBits) }]).length
      expect([found(NEAR_DUPLICATE_BITS), found(NEAR_DUPLICATE_BITS + 1)]).toEqual([1, 0])
    }
  })

  it('joins what nearly equals through a third', () => {
    const hash = randomHash()
    const chain = [hash, flipped(hash, [], 16), flipped(hash, [], 8)].map((one, i) => ({ name: `${i}`, hash: one }))
    expect(names(nearDuplicates(chain))).toEqual([['0', '1', '2']])
  })
})
