/** Finds the code blocks of every Markdown page of the repository. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

export interface Snippet {
  /** From the root of the repository. */
  readonly file: string
  /** Of the first line of code, from 1. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** Declarations of what the surrounding application has, from `<!-- given: ... -->` before the block. */
  readonly given: string
}

/** Pages that tell what was, not how it is done. */
const NOT_READ = /(^|\/)(CHANGELOG\.md|node_modules\/|\.changeset\/|docs\/(site|\.staged)\/)/

/** Every Markdown file that git knows or would take. */
export function markdownFiles(): string[] {
  const out = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: root })
  return [...new Set(out.toString().split('\n'))].filter((file) => file !== '' && !NOT_READ.test(file)).sort()
}

export function snippetsOf(file: string): Snippet[] {
  return extract(readFileSync(resolve(root, file), 'utf8'), file)
}

export function extract(text: string, file: string): Snippet[] {
  const fence = /(?:^[ \t]*<!-- given: ([\s\S]*?) -->\n+)?^([ \t]*)```([\w-]*)[^\n]*\n([\s\S]*?)^\2```/gm
  return [...text.matchAll(fence)].map((match) => {
    const [whole, given = '', indent = '', language = '', code = ''] = match
    const before = text.slice(0, match.index + whole.lastIndexOf(code, whole.lastIndexOf('```')))
    const plain = indent === '' ? code : code.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    return { file, line: before.split('\n').length, language, code: plain, given }
  })
}
