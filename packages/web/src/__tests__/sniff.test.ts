import { describe, expect, it } from 'vitest'
import { sniff } from '../worker/sniff.ts'

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

describe('sniff', () => {
  it('tells the owner of an iPhone how to send a JPEG', () => {
    for (const brand of ['heic', 'heix', 'mif1', 'msf1']) {
      expect(() => sniff(bytes(`\0\0\0\x18ftyp${brand}`))).toThrow(
        expect.objectContaining({ code: 'IMAGE_TYPE', hint: expect.stringContaining('Most Compatible') }),
      )
    }
  })

  it('says what it takes of everything else', () => {
    for (const text of ['GIF89a', '\0\0\0\x18ftypisom', 'hello'])
      expect(() => sniff(bytes(text))).toThrow('not a JPEG, PNG or WebP')
  })
})
