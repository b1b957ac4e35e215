/** What a command is, and how its arguments are read: node:util's parser, with our sentences for mistakes. */
import { parseArgs } from 'node:util'
import { checkKeys, LivenessError } from '@unspoof/core'
import type { Terminal } from './terminal/terminal.ts'

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** Placeholder of the value in the help, such as `FILE`. */
  readonly value?: string
  /** One sentence for the help. */
  readonly help: string
}

export interface Command {
  readonly name: string
  /** One sentence, shown in the list of commands. */
  readonly summary: string
  /** Usage lines without the program's name. */
  readonly usage: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Paragraphs below the options. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
  /** @returns the exit status. */
  run(args: Arguments, terminal: Terminal): Promise<number>
}

/** The arguments of a command after parsing: every value present was known and had the right kind. */
export class Arguments {
  readonly positionals: readonly string[]
  readonly #values: ReadonlyMap<string, readonly (string | true)[]>

  constructor(positionals: readonly string[], values: ReadonlyMap<string, readonly (string | true)[]>) {
    this.positionals = positionals
    this.#values = values
  }

  flag(name: string): boolean {
    return this.#values.has(name)
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1) as string | undefined
  }

  list(name: string): string[] {
    return [...(this.#values.get(name) ?? [])] as string[]
  }

  /** @throws LivenessError OPTION_INVALID when the value is not a number in the range. */
  number(
    name: string,
    range: { readonly min: number; readonly max: number; readonly integer?: boolean },
  ): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const number = value.trim() === '' ? Number.NaN : Number(value)
    if (!(number >= range.min && number <= range.max) || (range.integer === true && !Number.isInteger(number))) {
      const kind = range.integer === true ? 'an integer' : 'a number'
      throw new LivenessError(
        'OPTION_INVALID',
        `Expected ${kind} from ${range.min} to ${range.max} for --${name} but received "${value.slice(0, 40)}".`,
      )
    }
    return number
  }

  /** @throws LivenessError OPTION_INVALID when the value is not one of `allowed`. */
  choice<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name)
    if (value === undefined || allowed.includes(value as T)) return value as T | undefined
    throw notOneOf(name, allowed, value)
  }

  /** The same for an option that may be repeated; undefined where it is absent. @throws LivenessError OPTION_INVALID */
  choices<const T extends string>(name: string, allowed: readonly T[]): T[] | undefined {
    const values = this.list(name)
    const wrong = values.find((value) => !allowed.includes(value as T))
    if (wrong !== undefined) throw notOneOf(name, allowed, wrong)
    return values.length === 0 ? undefined : (values as T[])
  }
}

function notOneOf(name: string, allowed: readonly string[], value: string): LivenessError {
  return new LivenessError(
    'OPTION_INVALID',
    `Expected one of ${allowed.join(', ')} for --${name} but received "${value.slice(0, 40)}".`,
  )
}

/** @throws LivenessError OPTION_INVALID for unknown options (naming the nearest), missing values and values nobody asked for. */
export function parseArguments(command: Command, argv: readonly string[]): Arguments {
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(command.options).map(([name, { type, short }]) => [
        name,
        short === undefined ? { type } : { type, short },
      ]),
    ),
  })
  const values = new Map<string, (string | true)[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    checkKeys(command.name, { [token.name]: true }, Object.keys(command.options))
    const spec = command.options[token.name]!
    if (spec.type === 'string' && (token.value === undefined || (!token.inlineValue && token.value.startsWith('--')))) {
      throw new LivenessError(
        'OPTION_INVALID',
        `Option --${token.name} needs a value: --${token.name} ${spec.value ?? 'VALUE'}.`,
      )
    }
    if (spec.type === 'boolean' && token.value !== undefined) {
      throw new LivenessError('OPTION_INVALID', `Option --${token.name} takes no value.`)
    }
    const given = values.get(token.name) ?? []
    if (given.length > 0 && spec.type === 'string' && spec.multiple !== true) {
      throw new LivenessError('OPTION_INVALID', `Option --${token.name} may be given once.`)
    }
    values.set(token.name, [...given, token.value ?? true])
  }
  return new Arguments(positionals, values)
}

/** The help page of a command, 80 to 100 columns wide. */
export function helpOf(command: Command): string {
  const entries = Object.entries(command.options).map(([name, { type, short, value, multiple, help }]) => ({
    left: `${short === undefined ? '    ' : `-${short}, `}--${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`,
    help: multiple === true ? `${help} May be repeated.` : help,
  }))
  const width = Math.max(...entries.map(({ left }) => left.length)) + 2
  const options = entries.map(({ left, help }) => `  ${left.padEnd(width)}${wrap(help, 98 - width - 2, width + 2)}`)
  return [
    command.summary,
    '',
    'Usage:',
    ...command.usage.map((line) => `  unspoof ${line}`),
    '',
    'Options:',
    ...options,
    ...(command.notes ?? []).flatMap((note) => ['', wrap(note, 98, 0)]),
    '',
    'Examples:',
    ...command.examples.map((line) => `  ${line}`),
    '',
  ].join('\n')
}

function wrap(text: string, width: number, indent: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}
