/** The page behind `npm start`, in a real browser against the real server and model. */
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { closeDefaultLiveness } from '@unspoof/express'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDemo } from '../../examples/demo/server.js'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FACE = fileURLToPath(new URL('../../fixtures/astronaut.jpg', import.meta.url))

describe.skipIf(!existsSync(CHROMIUM))(`the demo page (skipped without ${CHROMIUM})`, () => {
  let server: Server
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    const { app, ready } = await createDemo()
    await ready()
    await new Promise<void>((resolve) => {
      server = app.listen(0, '127.0.0.1', () => resolve())
    })
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
      ],
    })
    page = await browser.newPage()
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })

  afterAll(async () => {
    await browser?.close()
    await new Promise((resolve) => server.close(resolve))
    await closeDefaultLiveness()
  })

  const verdict = () => page.locator('#verdict')

  test('judges a chosen picture and shows why', async () => {
    await page.setInputFiles('#file', FACE)
    await page.waitForSelector('#details:not([hidden])')
    await expect.poll(() => verdict().getAttribute('data-verdict')).toMatch(/^(live|spoof|retry)$/)
    expect(await page.locator('#numbers').textContent()).toMatch(
      /Live probability 0\.\d{3}, needed 0\.\d{3} \(balanced\)/,
    )
    expect(await page.locator('#timings tr').count()).toBe(6)
    expect(await page.locator('#view').getAttribute('aria-label')).toBe('The picture with 1 face marked')
    expect(await page.locator('#explain').isVisible()).toBe(true)
    expect(await page.locator('#explain-title').textContent()).toContain('explanation, not evidence')
  })

  test('judges it again at another operating point', async () => {
    await page.selectOption('#point', 'strict')
    await expect.poll(() => page.locator('#numbers').textContent()).toContain('(strict)')
  })

  test('says what to do about a file that is no picture', async () => {
    await page.setInputFiles('#file', { name: 'selfie.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('hello') })
    await expect.poll(() => verdict().getAttribute('data-verdict')).toBe('error')
    expect(await page.locator('#hint').textContent()).toBe('Send a JPEG, PNG or WebP picture.')
    expect(await page.locator('#details').isVisible()).toBe(false)
  })

  test('says nothing of an earlier picture while the camera runs', async () => {
    await page.setInputFiles('#file', FACE)
    await page.waitForSelector('#explain:not([hidden])')
    await page.click('#camera')
    await page.waitForSelector('#shoot:not([hidden])')
    expect(await page.locator('#details').isVisible()).toBe(false)
    expect(await page.locator('#explain').isVisible()).toBe(false)
    await page.selectOption('#point', 'balanced') // has no picture to judge again, and the camera stays on
    expect(await page.locator('#video').isVisible()).toBe(true)
    await page.click('#camera')
  })

  test('takes a picture with the camera; the test pattern has no face; the camera is released', async () => {
    await page.click('#camera')
    await page.waitForSelector('#shoot:not([hidden])')
    await page.click('#shoot')
    await expect.poll(() => verdict().getAttribute('data-verdict')).toBe('retry')
    expect(await page.locator('#reasons').textContent()).toContain('no-face')
    expect(await page.locator('#video').evaluate((video) => (video as HTMLVideoElement).srcObject)).toBeNull()
  })

  test('works with the keyboard and breaks no rule of its own content security policy', async () => {
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.id)).not.toBe('')
    // The one complaint allowed is the browser's own note that the wrong file was answered 415.
    expect(complaints.filter((text) => !text.includes('415'))).toEqual([])
  })
})
