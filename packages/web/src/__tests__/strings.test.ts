import { describe, expect, it } from 'vitest'
import { allStrings, stringsFor } from '../strings/index.ts'
import { errorText, hintText, type LivenessStrings } from '../strings/strings.ts'

/** Every sentence of a language by its place, such as `errors.NETWORK.0`. */
function sentences(value: unknown, place = ''): [string, string][] {
  if (typeof value === 'string') return [[place, value]]
  return Object.entries(value as object).flatMap(([key, part]) =>
    sentences(part, place === '' ? key : `${place}.${key}`),
  )
}

const GROUPS = ['hints', 'errors', 'permission', 'labels'] as const

describe('strings', () => {
  it('are there in the promised languages', () => {
    expect(Object.keys(allStrings).sort()).toEqual(['ar', 'de', 'en', 'es', 'fr', 'hi', 'ja', 'pt', 'zh'])
  })

  it.each(Object.entries(allStrings))('%s is complete, and not left in English', (locale, strings) => {
    const english = allStrings.en!
    expect(strings.locale).toBe(locale)
    for (const group of GROUPS) {
      const there = new Map(sentences(english[group]))
      const here = sentences(strings[group])
      expect(here.map(([place]) => place).sort()).toEqual([...there.keys()].sort())
      for (const [place, text] of here) {
        expect(text.trim(), `${locale}.${group}.${place}`).toBe(text)
        expect(text.length).toBeGreaterThan(0)
        if (locale !== 'en') expect(text, `${locale}.${group}.${place}`).not.toBe(there.get(place))
      }
    }
    expect(strings.labels.retryIn).toContain('{time}')
  })

  it('run from right to left in Arabic only', () => {
    for (const [locale, { dir }] of Object.entries(allStrings)) expect(dir).toBe(locale === 'ar' ? 'rtl' : 'ltr')
  })

  it('are written in their own script', () => {
    const scripts: Record<string, RegExp> = {
      zh: /\p{Script=Han}/u,
      ja: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
      ar: /\p{Script=Arabic}/u,
      hi: /\p{Script=Devanagari}/u,
    }
    for (const [locale, script] of Object.entries(scripts)) {
      for (const group of GROUPS) {
        for (const [, text] of sentences(allStrings[locale]![group])) expect(text).toMatch(script)
      }
    }
  })

  it('are found by tag, best first, else English', () => {
    expect(stringsFor('pt-BR').locale).toBe('pt')
    expect(stringsFor(['xx', 'zh-Hant-TW', 'de']).locale).toBe('zh')
    expect(stringsFor(['xx']).locale).toBe('en')
    expect(stringsFor('toString').locale).toBe('en')
  })

  it('have a sentence for every code, known or not', () => {
    const strings = allStrings.de as LivenessStrings
    expect(hintText(strings, 'too-dark')).toBe(strings.hints['too-dark'])
    expect(hintText(strings, 'frame-order')).toBe(strings.hints.again)
    expect(errorText(strings, 'NETWORK').heading).toBe(strings.errors.NETWORK[0])
    expect(errorText(strings, 'MODEL_HASH').advice).toBe(strings.errors.other[1])
  })

  it.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      'chromium',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
      'safari',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
      'ios',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36',
      undefined,
    ],
    ['', undefined],
  ] as const)('explain a blocked camera for %s', (userAgent, key) => {
    const { advice } = errorText(allStrings.en!, 'CAMERA_DENIED', userAgent)
    expect(advice).toBe(key === undefined ? allStrings.en!.errors.CAMERA_DENIED[1] : allStrings.en!.permission[key])
  })
})
