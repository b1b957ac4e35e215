/** Checks shell snippets against what is there: commands and options of `unspoof`, npm scripts, files and folders. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createTerminal, main } from 'unspoof'
import { root, type Snippet } from './extract.ts'

/** @returns one line a mistake: `file:line: message` */
export async function shellErrors(snippet: Snippet): Promise<string[]> {
  const errors: string[] = []
  for (const [i, line] of snippet.code.split('\n').entries()) {
    for (const words of commandsOf(line)) {
      const problem = await problemOf(words, snippet.file)
      if (problem !== undefined) errors.push(`${snippet.file}:${snippet.line + i}: ${problem}`)
    }
  }
  return errors
}

/** A line's commands as lists of words: quotes are honoured, comments, redirections and variables in front are taken off. */
export function commandsOf(line: string): string[][] {
  const tokens = line.match(/'[^']*'|"[^"]*"|#.*$|&&|[|;&<>]|[^\s'"|;&<>#][^\s'"|;&<>]*/g) ?? []
  const commands: string[][] = [[]]
  let skip = false
  for (const token of tokens) {
    if (token.startsWith('#')) break
    if (/^(&&|[|;&])$/.test(token)) commands.push([])
    else if (/^[<>]$/.test(token)) skip = true
    else if (skip) skip = false
    else commands.at(-1)!.push(token.replace(/^(['"])(.*)\1$/, '$2'))
  }
  return commands
    .map((words) => words.slice(words.findIndex((word) => !/^(export|[A-Z_]+=.*)$/.test(word))))
    .filter((words) => words.length > 0 && words[0] !== '')
}

async function problemOf([program = '', ...args]: string[], file: string): Promise<string | undefined> {
  if (program === 'npx' && args[0] === 'unspoof') return cliProblem(args.slice(1))
  if (program === 'unspoof') return cliProblem(args)
  if (program === 'npm') return npmProblem(args)
  // Only what a page runs in the repository itself; its own files (server.mjs) are in the snippet above.
  if (program === 'node' && /^(benchmarks|examples|scripts|packages)\//.test(args[0] ?? '')) {
    return existsSync(resolve(root, args[0]!)) ? undefined : `there is no ${args[0]}`
  }
  if (program === 'python' && args[0] === '-m' && args[1] === 'training' && args[2] !== undefined) {
    const commands = readFileSync(resolve(root, 'models/training/__main__.py'), 'utf8')
    return commands.includes(`"${args[2]}"`) || commands.includes(`'${args[2]}'`)
      ? undefined
      : `training has no ${args[2]}`
  }
  if (program === 'npx' && args[0] === 'vitest') {
    const missing = args.slice(2).find((path) => /\.tsx?$/.test(path) && !existsSync(resolve(root, path)))
    return missing === undefined ? undefined : `there is no ${missing} (${file})`
  }
  return undefined
}

/** The command line itself says what it does not know; `--help` keeps it from doing anything. */
async function cliProblem(args: string[]): Promise<string | undefined> {
  const said: string[] = []
  const sink = { isTTY: false, write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream
  const status = await main([...args, '--help'], createTerminal(sink, sink, {}))
  return status === 0 ? undefined : `unspoof ${args.join(' ')}: ${said.join(' ').trim()}`
}

function npmProblem(args: string[]): string | undefined {
  const [command, name] = args
  const script = command === 'run' ? name : command === 'start' || command === 'test' ? command : undefined
  if (script === undefined) return undefined
  const at = args.indexOf('--workspace')
  const folders = at === -1 ? ['.'] : foldersNamed(args[at + 1] ?? '')
  const scripts = folders.map(
    (folder) => JSON.parse(readFileSync(resolve(root, folder, 'package.json'), 'utf8')).scripts,
  )
  return scripts.some((known) => known?.[script] !== undefined) ? undefined : `npm ${args.join(' ')}: no such script`
}

function foldersNamed(name: string): string[] {
  const lock = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8'))
  const linked = lock.packages[`node_modules/${name}`]?.resolved
  return typeof linked === 'string' ? [linked] : []
}
