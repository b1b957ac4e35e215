import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../main.ts'
import { unspoof } from './run.ts'

describe('help', () => {
  it('lists the commands', async () => {
    const { code, stdout, stderr } = await unspoof(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const { name } of COMMANDS) expect(stdout).toContain(`  ${name} `)
  })

  it.each(COMMANDS.map(({ name }) => name))('of %s names its options and keeps to 100 columns', async (name) => {
    const { code, stdout, stderr } = await unspoof([name, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const command = COMMANDS.find((candidate) => candidate.name === name)!
    for (const option of Object.keys(command.options)) expect(stdout).toContain(`--${option}`)
    expect(stdout).toContain('Examples:')
    expect(
      stdout
        .split('\n')
        .filter((line) => line.length > 100 && !line.startsWith('  unspoof ') && !line.startsWith('  curl')),
    ).toEqual([])
  })

  it('is an error without a command, and shows the version', async () => {
    expect((await unspoof([])).code).toBe(2)
    expect((await unspoof(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/)
  })
})

describe('mistakes', () => {
  it.each([
    [['chekc', 'x.jpg'], /Unknown command "chekc"; did you mean "check"\?/],
    [['check', '--crop', '3', 'x.jpg'], /Unknown check option "crop"; did you mean "crops"\?/],
    [['check', '--crops', '2', 'x.jpg'], /Expected one of 1, 3, 5 for --crops/],
    [['check', '--crops', 'x.jpg', '--crops', '3'], /may be given once/],
    [['check', '--model', '--json'], /Option --model needs a value/],
    [['check', '--json=yes', 'x.jpg'], /Option --json takes no value/],
    [['check', '--operating-point', '1.5', 'x.jpg'], /Expected a number from 0.01 to 0.9999 for --operating-point/],
    [['check', '--operating-point', 'tight', 'x.jpg'], /Expected strict, balanced, lenient or a number/],
    [['check'], /Expected pictures, folders or globs/],
    [['check', 'missing.jpg'], /There is no file or folder missing.jpg/],
    [['check', 'missing-*.jpg'], /No file matches missing-\*\.jpg/],
    [['check', 'x.jpg', '--model', 'blazefase-short'], /did you mean "blazeface-short"\?/],
    [['evaluate'], /Expected one index or folder/],
    [['models', 'lits'], /Expected one of list, pull, verify, doctor/],
    [['serve', '--port', '70000'], /from 0 to 65535 for --port/],
  ])('%j: one sentence, status 2, no stack', async (args, sentence) => {
    const { code, stdout, stderr } = await unspoof(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('point to the page that explains the option', async () => {
    const { stderr } = await unspoof(['check', '--operating-point', 'tight', 'x.jpg'])
    expect(stderr).toContain('"unspoof check --help" explains every option. (OPTION_INVALID)')
  })

  it('show a stack to who asks for it', async () => {
    const { stderr } = await unspoof(['check', 'missing.jpg'], { env: { UNSPOOF_DEBUG: '1' } })
    expect(stderr).toMatch(/\n\s+at /)
  })
})
