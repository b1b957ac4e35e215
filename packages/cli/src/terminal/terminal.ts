/** Where a command writes: results to stdout, everything else to stderr, colours only where somebody sees them. */
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

export interface Terminal {
  /** A line of the result. */
  print(line?: string): void
  /** A line about the work: warnings, progress, errors. */
  note(line?: string): void
  /** Colours text for stdout. */
  paint(style: Style, text: string): string
  /** A progress bar on stderr; silent where stderr is not a terminal. */
  progress(label: string, total: number): Progress
  readonly debug: boolean
}

export interface Progress {
  /** Counts one more, or sets how many are done. */
  advance(done?: number): void
  /** Takes the bar away. */
  end(): void
}

/** NO_COLOR (no-color.org) and FORCE_COLOR are respected. */
function coloursWanted(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0') return true
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** A file's name may hold what a terminal takes for commands; none of it gets there. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

export function createTerminal(
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const colours = coloursWanted(stdout, env)
  let bar: { clear(): void; draw(): void } | undefined
  /** A line must not be written into the bar. */
  const aside = (write: () => void) => {
    bar?.clear()
    write()
    bar?.draw()
  }
  return {
    print: (line = '') => aside(() => stdout.write(`${line}\n`)),
    note: (line = '') => aside(() => stderr.write(`${line}\n`)),
    paint: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    progress(label, total) {
      if (stderr.isTTY !== true || total < 2) return { advance() {}, end() {} }
      const began = performance.now()
      let done = 0
      let drawn = 0
      const clear = () => stderr.write('\r\u001b[2K')
      const draw = () => {
        const share = Math.min(1, done / total)
        const filled = Math.round(share * 24)
        const left = done === 0 ? Number.NaN : ((performance.now() - began) / 1000) * (total / done - 1)
        const eta = Number.isFinite(left) && done < total ? `, ${seconds(left)} left` : ''
        stderr.write(`\r\u001b[2K${label} ${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${done}/${total}${eta}`)
      }
      bar = { clear, draw }
      draw()
      return {
        advance(value) {
          done = value ?? done + 1
          const now = performance.now()
          if (now - drawn < 80 && done < total) return
          drawn = now
          draw()
        },
        end() {
          clear()
          bar = undefined
        },
      }
    },
    debug: env.UNSPOOF_DEBUG !== undefined && env.UNSPOOF_DEBUG !== '' && env.UNSPOOF_DEBUG !== '0',
  }
}

function seconds(value: number): string {
  return value < 90 ? `${Math.ceil(value)} s` : `${Math.ceil(value / 60)} min`
}
