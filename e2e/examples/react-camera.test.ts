import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../examples/react-camera/server.js'

describe.skipIf(!hasChromium)('the React page and its server', { timeout: 180_000 }, () => {
  let browser: Browser
  let server: Server
  let url: string
  let close: () => Promise<void>

  beforeAll(async () => {
    browser = await launchChromium({ camera: await makeClip() })
    // A clip cannot follow a challenge; holding still is judged all the same.
    const created = await createApp({ challenges: [] })
    close = created.close
    await new Promise<void>((resolve) => {
      server = created.app.listen(0, '127.0.0.1', resolve)
    })
    url = `http://localhost:${(server.address() as AddressInfo).port}/`
  })
  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    await close?.()
  })

  it('captures, sends, and shows the verdict of the server, whose token opens the account once', async () => {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on(
      'request',
      (request) => /^https?:/.test(request.url()) && !request.url().startsWith(url) && problems.push(request.url()),
    )
    await page.goto(url)
    await page.evaluate(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        document.body.setAttribute('data-violation', event.violatedDirective),
      )
    })
    const submitted = page.waitForResponse((response) => response.url().endsWith('/frames'), { timeout: 120_000 })
    await page.click('.unspoof-button')
    const answer = await (await submitted).json()
    await page.waitForSelector('.unspoof[data-status="done"]')
    expect(answer).toEqual({ verdict: 'live', code: 'LIVE', reasons: [], hint: '', token: expect.any(String) })
    expect(await page.getAttribute('.unspoof', 'data-verdict')).toBe('live')
    await page.waitForFunction(() => document.querySelector('#account')!.textContent !== '')
    expect(await page.textContent('#account')).toBe('Welcome, ada.')
    const again = await page.evaluate(
      async (token) => (await fetch('/api/account', { headers: { authorization: `Liveness ${token}` } })).status,
      answer.token,
    )
    expect(again).toBe(401)
    expect(await page.getAttribute('body', 'data-violation')).toBeNull()
    expect(problems).toEqual([])
    await page.close()
  })

  it('reads from right to left in Arabic', async () => {
    const page = await browser.newPage({ locale: 'ar' })
    await page.goto(url)
    expect(await page.getAttribute('.unspoof', 'dir')).toBe('rtl')
    await page.close()
  })
})
