/** Strict reading of a part's Content-Disposition. */
import { LivenessError } from '@unspoof/core'

export interface Disposition {
  readonly name: string
  /** Undefined where the part is a text field. Cleaned: see {@link cleanFileName}. */
  readonly filename: string | undefined
}

const PARAMETER = /[ \t]*;[ \t]*([A-Za-z]+\*?)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/y
// A line break inside a quoted file name ends the header line for the parser. The name is never used, so what is left of it will do.
const CUT_FILENAME = /[ \t]*;[ \t]*filename[ \t]*=[ \t]*"([^"]*)$/iy

/**
 * Names that reach a prototype when somebody builds objects from field names. Refused, alone and as a step of a path.
 */
const DANGEROUS_NAME = /(?:^|[.[\]])(?:__proto__|constructor|prototype)(?:$|[.[\]])/

/**
 * @param header the value, decoded as UTF-8
 * @throws LivenessError BODY_MALFORMED unless it is `form-data` with exactly one usable name.
 */
export function parseDisposition(header: string | undefined, maxNameLength: number): Disposition {
  const start = header === undefined ? null : /^form-data/i.exec(header)
  if (header === undefined || start === null) throw malformed('Content-Disposition: form-data in every part')
  let position = start[0].length
  let name: string | undefined
  let filename: string | undefined
  while (position < header.length) {
    PARAMETER.lastIndex = position
    const match = PARAMETER.exec(header)
    if (match === null) {
      CUT_FILENAME.lastIndex = position
      const cut = CUT_FILENAME.exec(header)
      if (cut !== null && filename === undefined) filename = cut[1]!
      else if (header.slice(position).trim() !== '') throw malformed('name="value" parameters in Content-Disposition')
      break
    }
    position = PARAMETER.lastIndex
    const value = match[2]?.replace(/\\(["\\])/g, '$1') ?? match[3] ?? ''
    switch (match[1]!.toLowerCase()) {
      case 'name':
        if (name !== undefined) throw malformed('one name a part')
        name = value
        break
      case 'filename':
        if (filename !== undefined) throw malformed('one filename a part')
        filename = value
        break
      case 'filename*':
        // Only says that this is a file: the plain filename, which every client sends too, is what is handed on.
        filename ??= ''
        break
    }
  }
  if (name === undefined) throw malformed('a name in every part')
  checkFieldName(name, maxNameLength)
  return { name, filename: filename === undefined ? undefined : cleanFileName(filename) }
}

/** @throws LivenessError BODY_MALFORMED for an empty, over-long or dangerous name. */
function checkFieldName(name: string, maxLength: number): void {
  if (name === '' || name.length > maxLength) throw malformed(`field names of 1 to ${maxLength} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\x00-\x1f\x7f]/.test(name)) throw malformed('field names without control characters')
  if (DANGEROUS_NAME.test(name)) throw malformed('field names that reach no prototype')
}

/** The last path segment without control and direction characters, at most 255 characters. */
export function cleanFileName(filename: string): string {
  const segment = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1)
  return segment.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 255)
}

function malformed(expected: string): LivenessError {
  return new LivenessError('BODY_MALFORMED', `Expected ${expected}.`)
}
