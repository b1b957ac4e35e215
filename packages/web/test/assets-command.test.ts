import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { assetsCommand } from '../src/node/assets-command.ts'

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'unspoof-assets-'))

async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const text = { out: '', err: '' }
  const output = (name: keyof typeof text) => ({ write: (part: string) => (text[name] += part) })
  const status = await assetsCommand(args, output('out'), output('err'))
  return { status, ...text }
}

it('copies what a page needs, and prints the files, the runtime and the pin of the list', async () => {
  const to = await folder()
  const { status, out, err } = await run(to, '--detector', 'blazeface-full', '--detector', 'blazeface-short')
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out).toContain(`${join(to, 'kernels.wasm')}  `)
  expect(out).toContain('runtime: kernels. ')
  expect(out).toMatch(/\nintegrity: '[0-9a-f]{64}'\n$/)
  const manifest = JSON.parse(await readFile(join(to, 'unspoof.json'), 'utf8'))
  expect(manifest.defaults.detectors).toEqual(['blazeface-full', 'blazeface-short'])
})

it('shows how it is used', async () => {
  const { status, out } = await run('--help')
  expect(status).toBe(0)
  for (const option of ['FOLDER', '--model ID', '--model-folder', '--detector', '--runtime'])
    expect(out).toContain(option)
})

it('says what is wrong, and what to do', async () => {
  const to = await folder()
  await writeFile(join(to, 'file'), '')
  const wrong: [string[], RegExp][] = [
    [[], /Expected one folder/],
    [[to, to], /Expected one folder/],
    [[to, '--modle', 'x'], /--modle.*See "unspoof-assets --help"/],
    [[to, '--model', 'nobody'], /bundled model/],
    [[to, '--model-folder', to], /card/],
    [[to, '--runtime', 'tflite'], /kernels.*onnxruntime/],
    [[join(to, 'file', 'below')], /cannot be copied/],
  ]
  for (const [args, reason] of wrong) {
    const { status, out, err } = await run(...args)
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toMatch(reason)
    expect(err.trim().split('\n')).toHaveLength(1)
  }
})
