/** Strings in nine languages: `@unspoof/web/strings`. Import one by name, so that a bundler leaves the others out. */
import { ar } from './ar.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { hi } from './hi.ts'
import { ja } from './ja.ts'
import { pt } from './pt.ts'
import type { LivenessStrings } from './strings.ts'
import { zh } from './zh.ts'

export {
  type ErrorKey,
  errorText,
  type HintKey,
  hintText,
  type LivenessStrings,
  type PermissionKey,
} from './strings.ts'
export { ar, de, en, es, fr, hi, ja, pt, zh }

/** Every language, by its tag. */
export const allStrings: Readonly<Record<string, LivenessStrings>> = { ar, de, en, es, fr, hi, ja, pt, zh }

/**
 * The first of the wanted languages there are strings for, else English. Brings all languages into the page.
 * @param wanted BCP 47 tags, best first. @default the browser's
 */
export function stringsFor(
  wanted: string | readonly string[] = globalThis.navigator?.languages ?? [],
): LivenessStrings {
  for (const tag of typeof wanted === 'string' ? [wanted] : wanted) {
    const language = tag.toLowerCase().split('-')[0]!
    if (Object.hasOwn(allStrings, language)) return allStrings[language]!
  }
  return en
}
