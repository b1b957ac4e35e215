import { fileURLToPath } from 'node:url'
import { makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { STRICT_CSP, startStaticServer } from '@unspoof/test-utils/static-server'
import { expect, describe as group, it } from 'vitest'

const DIST = fileURLToPath(new URL('../../examples/react-headless/dist/', import.meta.url))

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
