/** From what a user types (files, folders, globs, -) to a list of pictures and videos. */
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { LivenessError } from '@unspoof/core'
import { glob, isDynamicPattern } from 'tinyglobby'

/** What a folder or glob is searched for. A file named outright is taken whatever it is called. */
export const PICTURE_EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp'] as const
const VIDEO_EXTENSIONS = ['mp4', 'mov', 'webm', 'mkv', 'avi', 'm4v'] as const

const PICTURES = `**/*.{${PICTURE_EXTENSIONS.join(',')}}`

/**
 * Files in the order given; the content of folders and globs sorted by name, each file once.
 * @throws LivenessError INPUT_UNREADABLE for a path that is not there, and a folder or glob that holds no picture.
 */
export async function expandInputs(patterns: readonly string[]): Promise<string[]> {
  const files = new Map<string, string>()
  for (const pattern of patterns) {
    for (const file of await expandOne(pattern)) {
      if (!files.has(path.resolve(file))) files.set(path.resolve(file), file)
    }
  }
  return [...files.values()]
}

async function expandOne(pattern: string): Promise<string[]> {
  const info = await stat(pattern).catch(() => undefined)
  if (info?.isFile() === true) return [pattern]
  if (info?.isDirectory() === true) {
    const found = await glob(PICTURES, {
      cwd: pattern,
      caseSensitiveMatch: false,
      dot: false,
      expandDirectories: false,
    })
    if (found.length === 0)
      throw new LivenessError('INPUT_UNREADABLE', `No JPEG, PNG or WebP file in folder ${pattern}.`)
    return byName(found).map((file) => path.join(pattern, file))
  }
  if (isDynamicPattern(pattern)) {
    const found = await glob(pattern, {
      absolute: path.isAbsolute(pattern),
      caseSensitiveMatch: false,
      expandDirectories: false,
    })
    if (found.length === 0) throw new LivenessError('INPUT_UNREADABLE', `No file matches ${pattern}.`)
    return byName(found)
  }
  throw new LivenessError('INPUT_UNREADABLE', `There is no file or folder ${pattern}.`)
}

/** @throws LivenessError INPUT_UNREADABLE */
export async function readPicture(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new LivenessError('INPUT_UNREADABLE', `Cannot read ${file}.`, { cause })
  }
}

/** img2 before img10. */
export function byName(names: readonly string[]): string[] {
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

export function isVideo(file: string): boolean {
  return (VIDEO_EXTENSIONS as readonly string[]).includes(path.extname(file).slice(1).toLowerCase())
}
