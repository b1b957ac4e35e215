import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { addressOf, ROOT } from '../.vitepress/paths.mjs'
import { sidebar } from '../.vitepress/sidebar.mjs'

it('the navigation lists every page of docs/', () => {
  const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => link))
  const folders = ['guides', 'concepts', 'reference', 'decisions', 'benchmarks', 'contributing']
  const pages = folders.flatMap((folder) =>
    readdirSync(`${ROOT}docs/${folder}`)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `/${addressOf(`docs/${folder}/${name}`)}`.replace(/(index)?\.md$/, '')),
  )
  expect(pages.length).toBeGreaterThan(30)
  expect(pages.filter((page) => !listed.includes(page))).toEqual([])
})
