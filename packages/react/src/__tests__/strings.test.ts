import { describe, expect, it } from 'vitest'
import { allStrings, stringsFor } from '../strings/index.ts'
import { errorText, hintText, type LivenessStrings } from '../strings/strings.ts'

const GROUPS = ['hints', 'errors', 'labels'] as const

describe('strings', () => {
  it('are there in the promised languages', () => {
    expect(Object.keys(allStrings).sort()).toEqual(['ar', 'de', 'en', 'es', 'fr', 'hi', 'ja', 'pt', 'zh'])
  })

  it.each(Object.entries(allStrings))('%s is complete, and not left in English', (locale, strings) => {
    const english = allStrings.en!
    expect(strings.locale).toBe(locale)
    for (const group of GROUPS) {
      const [here, there] = [strings[group], english[group]] as [Record<string, string>, Record<string, string>]
      expect(Object.keys(here).sort()).toEqual(Object.keys(there).sort())
      for (const [key, text] of Object.entries(here)) {
        expect(text.trim(), `${locale}.${group}.${key}`).toBe(text)
        expect(text.length).toBeGreaterThan(0)
        if (locale !== 'en') expect(text, `${locale}.${group}.${key}`).not.toBe(there[key])
      }
    }
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
        for (const text of Object.values(allStrings[locale]![group])) expect(text).toMatch(script)
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
    expect(errorText(strings, 'CAMERA_DENIED')).toBe(strings.errors.CAMERA_DENIED)
    expect(errorText(strings, 'MODEL_HASH')).toBe(strings.errors.other)
  })
})
