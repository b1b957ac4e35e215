/** Starts `unspoof serve` as a user would, and holds its answers to the OpenAPI document it serves. */
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { ERROR_CODES, type ErrorCode } from '@unspoof/core'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { spawnUnspoof } from './run.ts'

export interface Served {
  readonly base: string
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly stderr: () => string
  readonly stdout: () => string
}

/** Starts the server on a free port and waits until it is ready. */
export async function serve(args: readonly string[] = [], env: Record<string, string> = {}): Promise<Served> {
  const child = spawnUnspoof(['serve', '--port', '0', '--workers', '1', ...args], env) as Served['child']
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (/Listening on \S+/.test(stdout)) resolve()
    })
    child.on('exit', () => reject(new Error(stderr)))
  })
  const base = /Listening on (\S+)/.exec(stdout)![1]!
  // Without a limit of its own: the test's, or its hook's, is one.
  while (!(await fetch(`${base}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 50))
  return { base, child, stderr: () => stderr, stdout: () => stdout }
}

export async function stop({ child }: Served): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  return code as number | null
}

interface OpenApi {
  readonly openapi: string
  readonly paths: Record<string, Record<string, { readonly responses: Record<number, Described> }>>
  readonly components: object
}

interface Described {
  readonly content: Record<string, { readonly schema: object }>
}

export async function documentOf(base: string): Promise<OpenApi> {
  return (await (await fetch(`${base}/openapi.json`)).json()) as OpenApi
}

/**
 * The document is the contract: status, content type, every key and every value of an answer must be in it.
 * @returns the body
 */
export async function expectDocumented(base: string, route: string, response: Response): Promise<unknown> {
  const document = await documentOf(base)
  const [method, path] = route.split(' ') as [string, string]
  const described = document.paths[path]?.[method.toLowerCase()]?.responses[response.status]
  expect(described, `${route} answers ${response.status}`).toBeDefined()
  expect(response.headers.get('content-type')).toBe('application/json')
  const body = (await response.json()) as { error?: { code: string }; liveProbability?: number }
  const validate = validator(document, described!.content['application/json']!.schema)
  expect(validate(body), `${JSON.stringify(body)} ${JSON.stringify(validate.errors)}`).toBe(true)
  const code = body.error?.code
  if (code !== undefined && Object.hasOwn(ERROR_CODES, code)) {
    expect(ERROR_CODES[code as ErrorCode].status).toBe(response.status)
  }
  // No score, threshold or stability, whatever the answer; but the backend's own.
  if (!path.endsWith('/result')) expect(JSON.stringify(body)).not.toMatch(/prob|score|logit|threshold|stability/i)
  return body
}

function validator(document: OpenApi, schema: object): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  // The document is itself a schema of which ours are parts.
  return ajv.compile({ ...schema, components: document.components })
}
