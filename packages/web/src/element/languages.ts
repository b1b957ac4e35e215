/** Languages of the custom element: English is there, the others arrive when a page asks for one. */
import { en } from '../strings/en.ts'
import type { LivenessStrings } from '../strings/strings.ts'

const LOADERS: Readonly<Record<string, () => Promise<LivenessStrings>>> = {
  ar: async () => (await import('../strings/ar.ts')).ar,
  de: async () => (await import('../strings/de.ts')).de,
  en: async () => en,
  es: async () => (await import('../strings/es.ts')).es,
  fr: async () => (await import('../strings/fr.ts')).fr,
  hi: async () => (await import('../strings/hi.ts')).hi,
  ja: async () => (await import('../strings/ja.ts')).ja,
  pt: async () => (await import('../strings/pt.ts')).pt,
  zh: async () => (await import('../strings/zh.ts')).zh,
}

/**
 * Strings for a BCP 47 tag such as `pt-BR`. English where the language is not known or its file does not arrive: a camera
 * in English is better than none.
 */
export async function loadStrings(tag: string): Promise<LivenessStrings> {
  const language = tag.toLowerCase().split('-')[0]!
  if (!Object.hasOwn(LOADERS, language)) return en
  return LOADERS[language]!().catch(() => en)
}
