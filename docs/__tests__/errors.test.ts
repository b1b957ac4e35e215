/** docs/reference/errors.md is made from the table in core. `npx vitest run --update docs/__tests__/errors.test.ts` writes it. */
import { ERROR_CODES, REASONS } from '@unspoof/core'
import { expect, test } from 'vitest'

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

test('the error reference lists every code and reason', async () => {
  await expect(render()).toMatchFileSnapshot('../reference/errors.md')
})
