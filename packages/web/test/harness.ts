/** A page with the built package under a strict content security policy, for the browser tests. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ASTRONAUT } from '@unspoof/test-utils/camera-clip'
import {
  STRICT_CSP,
  type StaticServer,
  type StaticServerOptions,
  startStaticServer,
} from '@unspoof/test-utils/static-server'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type CopyAssetsOptions, copyAssets } from '../src/node/copy-assets.ts'

export interface Site extends StaticServer {
  /** The folder with the assets. */
  readonly assets: string
  /** Opens the page with `unspoof` (the package) and `violations` as globals, in a context of its own. */
  open(browser: Browser, options?: Parameters<Browser['newContext']>[0]): Promise<OpenPage>
}

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Requests that left the site's origin. */
  readonly foreign: string[]
}

const HTML =
  '<!doctype html><html lang="en"><title>test</title><script type="module" src="/page.js"></script><video></video>'
const SCRIPT = `
import * as unspoof from '/unspoof/unspoof.js'
globalThis.unspoof = unspoof
globalThis.violations = []
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI))
globalThis.ready = true
`

export async function startSite(copy: CopyAssetsOptions = {}, options: StaticServerOptions = {}): Promise<Site> {
  const assets = join(await mkdtemp(join(tmpdir(), 'unspoof-site-')), 'unspoof')
  await copyAssets(assets, copy)
  const server = await startStaticServer({
    ...options,
    folders: { '/unspoof/': assets, '/fixtures/': dirname(ASTRONAUT), ...options.folders },
    files: { '/': HTML, '/page.js': SCRIPT, ...options.files },
    headers: { 'content-security-policy': STRICT_CSP, ...options.headers },
  })
  return {
    ...server,
    assets,
    async open(browser, contextOptions) {
      const context = await browser.newContext(contextOptions)
      const page = await context.newPage()
      const foreign: string[] = []
      const origin = new URL(server.url).origin
      context.on('request', (request) => {
        if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) foreign.push(request.url())
      })
      await page.goto(server.url)
      await page.waitForFunction('globalThis.ready')
      return { page, context, foreign }
    },
  }
}
