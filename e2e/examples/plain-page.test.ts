import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ASTRONAUT, makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPageServer } from '../../examples/plain-page/server.js'

describe.skipIf(!hasChromium)('the plain page', { timeout: 180_000 }, () => {
  let browser: Browser
  let server: Server
  let url: string

  beforeAll(async () => {
    browser = await launchChromium({ camera: await makeClip() })
    server = createPageServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://localhost:${(server.address() as AddressInfo).port}/`
  })
  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
  })

  it('judges a picture and the camera, with no error and no request to anybody else', async () => {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on(
      'request',
      (request) => /^https?:/.test(request.url()) && !request.url().startsWith(url) && problems.push(request.url()),
    )
    await page.goto(url)
    await page.setInputFiles('#file', ASTRONAUT)
    await page.waitForSelector('#picture:not([hidden])', { timeout: 120_000 })
    expect(await page.textContent('#verdict')).toMatch(/live face|closer|still/)
    expect(JSON.parse((await page.textContent('#diagnostics'))!)).toMatchObject({ backend: 'wasm' })

    await page.evaluate(() => {
      // Written down in the page: the check may be over before a test on a busy machine has looked.
      const seen: string[] = []
      const video = document.querySelector('video')!
      new MutationObserver(() => seen.push(video.hidden ? 'off' : 'on')).observe(video, { attributeFilter: ['hidden'] })
      Object.assign(globalThis, { seen })
    })
    await page.click('#camera')
    await page.waitForFunction(
      () => {
        const { seen } = globalThis as unknown as { seen: string[] }
        return seen.includes('on') && seen.at(-1) === 'off'
      },
      undefined,
      { timeout: 120_000 },
    )
    expect(await page.textContent('#camera')).toBe('Start camera')
    expect(await page.textContent('#verdict')).not.toMatch(/Allow|Looking/)
    expect(await page.evaluate(() => document.querySelector('video')!.srcObject)).toBeNull()
    expect(problems).toEqual([])
    await page.close()
  })
})
