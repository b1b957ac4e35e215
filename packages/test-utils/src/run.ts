/** Programs run by tests as a person would run them. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Of the repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program as a user would: without what the test runner and npm put into the environment. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { ...plainEnvironment(), ...environment }
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}

export function plainEnvironment(): NodeJS.ProcessEnv {
  const foreign =
    /^(NODE_|VITE|npm_(package|lifecycle|command|execpath|node_execpath)|npm_config_local_prefix|npm_config_onnxruntime|INIT_CWD|FORCE_COLOR|TURBO)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))) as NodeJS.ProcessEnv
}
