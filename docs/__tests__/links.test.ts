import { expect, it } from 'vitest'
import { siteLink } from '../.vitepress/links.mjs'
import { addressOf } from '../.vitepress/paths.mjs'

it.each([
  ['../reference/errors.md#spoof', '/reference/errors.md#spoof'],
  ['../../packages/node/README.md', '/packages/node.md'],
  ['../../packages/node', '/packages/node.md'],
  ['../../LICENSE', 'https://github.com/unspoof/unspoof/blob/main/LICENSE'],
  ['../../examples/bulk', 'https://github.com/unspoof/unspoof/blob/main/examples/bulk/README.md'],
  ['../../packages/core/src', 'https://github.com/unspoof/unspoof/tree/main/packages/core/src'],
  ['#options', '#options'],
  ['https://example.org', 'https://example.org'],
])('siteLink turns %s into %s', (href, expected) => {
  expect(siteLink(href, 'docs/guides/express.md')).toBe(expected)
})

it('siteLink refuses a link to nothing', () => {
  expect(() => siteLink('nothing.md', 'docs/guides/express.md')).toThrow(
    'docs/guides/express.md: no such file: nothing.md',
  )
})

it.each([
  ['docs/index.md', 'index.md'],
  ['packages/core/README.md', 'packages/core.md'],
  ['models/unspoof-pad-1/README.md', 'models/unspoof-pad-1.md'],
  ['SECURITY.md', 'reference/security.md'],
])('addressOf puts %s at %s', (file, expected) => {
  expect(addressOf(file)).toBe(expected)
})
