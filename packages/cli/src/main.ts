/** Finds the command, runs it, and says in one sentence what went wrong. */
import { ERROR_CODES, isLivenessError, LivenessError, nearest } from '@unspoof/core'
import { type Command, helpOf, parseArguments } from './command.ts'
import { benchCommand } from './commands/bench.ts'
import { calibrateCommand } from './commands/calibrate.ts'
import { checkCommand } from './commands/check.ts'
import { copyAssetsCommand } from './commands/copy-assets.ts'
import { evaluateCommand } from './commands/evaluate.ts'
import { explainCommand } from './commands/explain.ts'
import { modelsCommand } from './commands/models.ts'
import { serveCommand } from './commands/serve.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal/terminal.ts'
import { VERSION } from './version.ts'

export const COMMANDS: readonly Command[] = [
  checkCommand,
  explainCommand,
  evaluateCommand,
  calibrateCommand,
  modelsCommand,
  benchCommand,
  serveCommand,
  copyAssetsCommand,
]

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2
  return [
    'unspoof: face liveness (presentation attack detection) on this machine, without a cloud.',
    '',
    'Usage:',
    '  unspoof COMMAND [OPTIONS]',
    '',
    'Commands:',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Options:',
    '  -h, --help     Shows this page; "unspoof COMMAND --help" shows the one of a command.',
    '      --version  Shows the version.',
    '',
    'Exit status: 0 done (check: all live), 1 a spoof, 2 an error, 3 only retries. Several at once: 2, then 1, then 3.',
    '',
  ].join('\n')
}

/** @returns the exit status. Never throws, never prints a stack unless UNSPOOF_DEBUG is set. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(argv, terminal)
  } catch (error) {
    report(error, terminal)
    return EXIT.ERROR
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const asked = name === 'help' ? COMMANDS.find((command) => command.name === rest[0]) : undefined
    terminal.print((asked === undefined ? overview() : helpOf(asked)).trimEnd())
    return name === undefined ? EXIT.ERROR : EXIT.OK
  }
  if (name === '--version' || name === '-v') {
    terminal.print(VERSION)
    return EXIT.OK
  }
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command === undefined) {
    const near = nearest(
      name,
      COMMANDS.map((candidate) => candidate.name),
    )
    throw new LivenessError(
      'OPTION_INVALID',
      `Unknown command "${name.slice(0, 40)}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
      { hint: 'See "unspoof --help" for the commands.' },
    )
  }
  try {
    const args = parseArguments(command, rest)
    if (args.flag('help')) {
      terminal.print(helpOf(command).trimEnd())
      return EXIT.OK
    }
    return await command.run(args, terminal)
  } catch (error) {
    throw withHelp(error, name)
  }
}

/** The hint of a wrong option speaks to who writes a program; in a shell the command's own page helps. */
function withHelp(error: unknown, command: string): unknown {
  if (!isLivenessError(error) || error.code !== 'OPTION_INVALID') return error
  if (error.hint !== ERROR_CODES.OPTION_INVALID.hint) return error
  return new LivenessError(error.code, error.message, {
    cause: error,
    hint: `"unspoof ${command} --help" explains every option.`,
  })
}

/** One sentence, what to do about it, and the stack only for who asked for it. */
export function report(error: unknown, terminal: Terminal): void {
  if (isLivenessError(error)) {
    terminal.note(`unspoof: ${error.message}`)
    terminal.note(`  ${error.hint} (${error.code})`)
  } else if (error instanceof Error && 'code' in error && 'path' in error) {
    // A file system error's message names the path the user gave.
    terminal.note(`unspoof: ${error.message}`)
  } else {
    terminal.note('unspoof: an unexpected error; set UNSPOOF_DEBUG=1 to see where, and please report it.')
  }
  if (terminal.debug) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      terminal.note(cause.stack ?? String(cause))
    }
  }
}
