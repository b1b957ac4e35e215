/** src/api.ts is made from the server's OpenAPI document: `UPDATE_CLIENT=1 npx vitest run packages/client/test/types.test.ts` writes it. */
import { readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'
import { expect, test } from 'vitest'
import { openApiDocument } from '../../cli/src/serve/openapi.ts'

const FILE = new URL('../src/api.ts', import.meta.url)

test('the types are those of the document', async () => {
  const document = openApiDocument({ metrics: true, sessions: true })
  const made = `// Made from the OpenAPI document of \`unspoof serve\` by test/types.test.ts. Do not edit.\n${astToString(await openapiTS(JSON.stringify(document)))}`
  if (process.env.UPDATE_CLIENT === '1') await writeFile(FILE, made)
  expect(await readFile(FILE, 'utf8')).toBe(made)
})
