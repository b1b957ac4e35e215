import { describe, expect, it } from 'vitest'
import { extract, markdownFiles, type Snippet, snippetsOf } from './snippets/extract.ts'
import { commandsOf, shellErrors } from './snippets/shell.ts'
import { isTyped, typeErrors } from './snippets/types.ts'

const snippets = markdownFiles().flatMap(snippetsOf)

describe('snippets of all pages', () => {
  it('are TypeScript and JavaScript that compile', { timeout: 600_000 }, () => {
    const typed = snippets.filter(isTyped)
    expect(typed.length).toBeGreaterThan(50)
    expect(typeErrors(typed)).toEqual([])
  })

  it('are shell commands that exist', async () => {
    const shell = snippets.filter(({ language }) => language === 'sh')
    expect(shell.length).toBeGreaterThan(20)
    const errors: string[] = []
    for (const snippet of shell) errors.push(...(await shellErrors(snippet)))
    expect(errors).toEqual([])
  })

  it('are JSON that parses', () => {
    for (const { file, line, code } of snippets.filter(({ language }) => language === 'json')) {
      expect(() => JSON.parse(code), `${file}:${line}`).not.toThrow()
    }
  })
})

describe('the check itself', () => {
  const snippet = (language: string, code: string, given = ''): Snippet => ({
    file: 'x.md',
    line: 7,
    language,
    code,
    given,
  })

  it('finds blocks with their line, indented ones too', () => {
    const text = 'a\n\n```js\nb\n```\n\n- c\n\n  ```sh\n  d\n  ```\n\n<!-- given: const e: number -->\n```ts\ne\n```\n'
    expect(extract(text, 'x.md').map(({ line, language, code, given }) => [line, language, code, given])).toEqual([
      [4, 'js', 'b\n', ''],
      [10, 'sh', 'd\n', ''],
      [15, 'ts', 'e\n', 'const e: number'],
    ])
  })

  it('names what does not compile, in the line of the page', { timeout: 600_000 }, () => {
    const wrong = [
      snippet('js', "import { createLivenes } from '@unspoof/node'\n"),
      snippet('ts', "\nimport { createLiveness } from '@unspoof/node'\nawait createLiveness({ crop: 3 })\n"),
      snippet('ts', 'given + 1\nmissing\n', 'declare const given: number'),
      snippet('ts', 'const = 1\n'),
    ]
    const errors = typeErrors(wrong)
    expect(errors.map((error) => error.replace(/(: .{20}).*/, '$1'))).toHaveLength(errors.length)
    for (const [i, line] of [7, 9, 8, 7].entries()) expect(errors[i]).toContain(`x.md:${line}: `)
  })

  it('names commands, options and scripts that do not exist', async () => {
    const code =
      'npx unspoof check a.jpg --jsn\nunspoof chek a.jpg\nnpm run nothing\nnode benchmarks/nothing.mjs\nunspoof check a.jpg --json > b\n'
    const errors = await shellErrors(snippet('sh', code))
    expect(errors.map((error) => error.split(':')[1])).toEqual(['7', '8', '9', '10'])
  })

  it('splits lines as a shell does', () => {
    expect(commandsOf("A=1 unspoof check 'a b/*.jpg' --json > c.jsonl # d")).toEqual([
      ['unspoof', 'check', 'a b/*.jpg', '--json'],
    ])
    expect(commandsOf('npm install && npm start')).toEqual([
      ['npm', 'install'],
      ['npm', 'start'],
    ])
  })
})
