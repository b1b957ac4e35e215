// @ts-check
import { fileURLToPath } from 'node:url'

/** The repository, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const REPOSITORY = 'https://github.com/unspoof/unspoof'

/** @type {Readonly<Record<string, string>>} */
const MOVED = {
  'CONTRIBUTING.md': 'contributing/index.md',
  'SECURITY.md': 'reference/security.md',
  'packages/session/PROTOCOL.md': 'reference/session-protocol.md',
  'models/README.md': 'packages/models.md',
}

/**
 * Where a Markdown file of the repository is on the site.
 * @param {string} file from the root of the repository
 */
export function addressOf(file) {
  return (
    MOVED[file] ??
    file
      .replace(/^docs\//, '')
      .replace(/^packages\/([^/]+)\/README\.md$/, 'packages/$1.md')
      .replace(/^models\/([^/]+)\/README\.md$/, 'models/$1.md')
  )
}
