import { fileURLToPath } from 'node:url'
import { expect, describe as group, it } from 'vitest'
import { hasChromium, launchChromium } from '../../../test/browser/chromium.ts'
import { makeClip } from '../../../test/browser/clip.ts'
import { STRICT_CSP, startStaticServer } from '../../../test/browser/static-server.ts'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))

group.skipIf(!hasChromium)('the headless page', { timeout: 180_000 }, () => {
  it('reaches a verdict', async () => {
    const server = await startStaticServer({
      folders: { '/': DIST },
      headers: { 'content-security-policy': STRICT_CSP },
    })
    const browser = await launchChromium({ camera: await makeClip() })
    try {
      const page = await browser.newPage()
      await page.goto(server.url)
      await page.click('button')
      await page.waitForSelector('output[data-status="done"]', { timeout: 120_000 })
      expect(await page.textContent('output')).toMatch(/live|spoof|retry/)
    } finally {
      await browser.close()
      await server.close()
    }
  })
})
