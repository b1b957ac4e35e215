/** docs/errors.md is made from the table of codes: `UPDATE_DOCS=1 npx vitest run docs/__tests__/errors.test.ts` writes it. */
import { readFile, writeFile } from 'node:fs/promises'
import { ERROR_CODES, REASONS } from '@unspoof/core'
import { expect, test } from 'vitest'

const FILE = new URL('../errors.md', import.meta.url)

function render(): string {
  const codes = Object.entries(ERROR_CODES)
    .map(
      ([code, row]) =>
        `## ${code}\n\nStatus ${row.status}${row.retryable ? ', may succeed when repeated' : ''}. ${row.hint}\n`,
    )
    .join('\n')
  const reasons = Object.entries(REASONS)
    .map(([code, hint]) => `| \`${code}\` | ${hint} |`)
    .join('\n')
  return `# Errors and reasons

Every failure a user can cause is a \`LivenessError\` with one of these codes; each code has one HTTP status. Messages never carry pixels,
tokens or file content. Compare \`error.code\`, not messages: those may change.

${codes}
# Reasons

Why a verdict is what it is, in \`result.reasons\`, with a sentence for the person.

| reason | what the person is told |
|---|---|
${reasons}
`
}

test('docs/errors.md tells of every code and reason', async () => {
  if (process.env.UPDATE_DOCS === '1') await writeFile(FILE, render())
  expect(await readFile(FILE, 'utf8')).toBe(render())
})
