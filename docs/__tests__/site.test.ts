/** The documentation site: that it builds, that it works from its folder, and that its gates fail on planted errors. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkSite } from '../tools/check-site.js'
import { toPage } from '../tools/stage.js'
import { watchSources } from '../tools/watch.js'
import { root } from './snippets/extract.ts'

const run = promisify(execFile)

describe('npm run docs', () => {
  it('builds without a dead link', { timeout: 600_000 }, async () => {
    const { stdout } = await run(process.execPath, ['docs/tools/build.js'], { cwd: root })
    expect(stdout).toMatch(/\d{3,} pages, \d{4,} links, none dead/)
  })

  it.skipIf(!hasChromium)(
    'opens from its folder: search, light and dark, no network',
    { timeout: 120_000 },
    async () => {
      const browser = await launchChromium()
      try {
        const page = await browser.newPage({ colorScheme: 'dark' })
        const requests: string[] = []
        page.on('request', (request) => requests.push(request.url()))
        await page.goto(pathToFileURL(resolve(root, 'docs/site/index.html')).href)
        await page.waitForSelector('table >> text=attacks accepted')
        expect(await page.locator('svg.diagram').count()).toBeGreaterThan(0)

        await page.click('#tsd-search-trigger')
        await page.fill('#tsd-search-input', 'kiosk')
        await page.locator('#tsd-search-results a', { hasText: 'Kiosk' }).first().click()
        await page.waitForURL(/recipes\/kiosk\.html$/)
        await page.waitForSelector('h1 >> text=Kiosk')

        const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
        const dark = await background()
        await page.emulateMedia({ colorScheme: 'light' })
        expect(await background()).not.toBe(dark)
        expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([])
      } finally {
        await browser.close()
      }
    },
  )
})

describe('the gates of the site', () => {
  let site: string
  beforeEach(() => {
    site = mkdtempSync(join(tmpdir(), 'unspoof-site-'))
    writeFileSync(join(site, 'b.html'), '<h1 id="here">B</h1><a href="a.html">A</a>')
  })
  afterEach(() => rmSync(site, { recursive: true, force: true }))

  it.each([
    ['<a href="c.html">', 'a.html: c.html'],
    ['<img src="c.svg">', 'a.html: c.svg'],
    ['<a href="b.html#there">', 'no such anchor'],
    ['<a href="#there">', 'no such anchor'],
    ['<a href="../b.html">', 'a.html: ../b.html'],
    ['<script src="https://cdn.example/x.js">', 'loaded from elsewhere'],
    ['<link rel="stylesheet" href="https://cdn.example/x.css">', 'loaded from elsewhere'],
  ])('%s fails', (html, message) => {
    writeFileSync(join(site, 'a.html'), html)
    expect(() => checkSite(site)).toThrow(message)
  })

  it('what is right passes', () => {
    writeFileSync(join(site, 'a.html'), '<a href="b.html#here">B</a><a href="https://example.org/">elsewhere</a>')
    expect(checkSite(site)).toEqual({ pages: 2, links: 2 })
  })

  it('a site without pages fails', () => {
    rmSync(join(site, 'b.html'))
    expect(() => checkSite(site)).toThrow('No pages')
  })

  it('a page must not include or link to what is not there', () => {
    const known = new Set(['docs/errors.md', 'packages/node/README.md'])
    expect(() => toPage('<!-- include: nothing -->', 'docs/x.md', known)).toThrow('nothing')
    expect(() => toPage('[a](nothing.md)', 'docs/x.md', known)).toThrow('does not exist')
    expect(toPage('[a](errors.md#spoof) [b](../packages/node) `[c](nothing.md)`', 'docs/x.md', known)).toBe(
      '[a](errors.md#spoof) [b](../packages/node/README.md) `[c](nothing.md)`',
    )
    expect(toPage('[a](../LICENSE)', 'docs/x.md', known)).toBe(
      '[a](https://github.com/unspoof/unspoof/blob/main/LICENSE)',
    )
  })
})

describe('npm run docs:dev', () => {
  let folder: string
  let watcher: ReturnType<typeof watchSources>
  let changes: number
  let noticed: () => void
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unspoof-watch-'))
    mkdirSync(join(folder, 'docs/guides'), { recursive: true })
    changes = 0
    noticed = () => {}
    watcher = watchSources({ shallow: [folder], deep: [join(folder, 'docs')] }, () => {
      changes++
      noticed()
    })
  })
  afterEach(() => {
    watcher.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Resolves at the next change that is noticed. */
  const nextChange = () => new Promise<void>((resolve) => (noticed = resolve))

  it.each(['SECURITY.md', 'docs/index.md', 'docs/guides/node.md'])('notices %s', async (file) => {
    const change = nextChange()
    writeFileSync(join(folder, file), '# Page')
    await change
  })

  it('notices a folder that is new, and what is in it after a refresh', async () => {
    let change = nextChange()
    mkdirSync(join(folder, 'docs/recipes'))
    await change
    watcher.refresh()
    change = nextChange()
    writeFileSync(join(folder, 'docs/recipes/kiosk.md'), '# Page')
    await change
  })

  it('is not woken by what the build writes, and survives that it comes and goes', async () => {
    for (let i = 0; i < 20; i++) {
      for (const name of ['docs/.staged', 'docs/site']) {
        mkdirSync(join(folder, name, 'docs/guides'), { recursive: true })
        writeFileSync(join(folder, name, 'docs/guides/node.md'), '# Page')
        rmSync(join(folder, name), { recursive: true })
      }
    }
    const change = nextChange()
    writeFileSync(join(folder, 'SECURITY.md'), '# Page')
    await change
    watcher.refresh()
    expect(changes).toBeLessThanOrEqual(2) // a file that is made and then filled is told twice; the forty folders not once
  })
})
