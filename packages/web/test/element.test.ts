import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { installPerson, type Movement } from '@unspoof/test-utils/person'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from './harness.ts'
import { startSessions, type TestSessions } from './sessions.ts'

const page = (lang: string, body: string) =>
  `<!doctype html><html lang="${lang}"><meta name="viewport" content="width=device-width"><title>test</title><link rel="stylesheet" href="/unspoof/styles.css"><script type="module" src="/unspoof/unspoof-element.js"></script><main>${body}</main>`

const FORM = `<form action="/login"><label>Name <input name="user" value="ada"></label>
<unspoof-liveness name="liveness" session="/liveness/sessions" required>
<p slot="consent">By starting you agree to our <a href="/terms">terms</a>.</p>
</unspoof-liveness><button id="send">Log in</button></form>`

describe.skipIf(!hasChromium)('<unspoof-liveness> in Chromium', { timeout: 180_000 }, () => {
  let browser: Browser
  let site: Site
  let sessions: TestSessions

  beforeAll(async () => {
    browser = await launchChromium()
    sessions = await startSessions()
    site = await startSite(
      {},
      {
        handle: sessions.handle,
        files: {
          '/form/': page('en', FORM),
          '/german/': page('de-AT', '<unspoof-liveness></unspoof-liveness>'),
          '/arabic/': page('en', '<unspoof-liveness lang="ar" theme="dark"></unspoof-liveness>'),
        },
      },
    )
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await sessions?.close()
  })

  async function open(path: string, person: Movement = {}, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 390, height: 780 }, ...options })
    const opened = await context.newPage()
    opened.setDefaultTimeout(90_000) // for machines that do much else
    const problems: string[] = []
    opened.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    opened.on('pageerror', (error) => problems.push(String(error)))
    await installPerson(opened, person)
    await opened.goto(`${site.url}${path}`)
    await opened.waitForSelector('unspoof-liveness .unspoof-button')
    return { page: opened, context, problems }
  }

  it('puts the token of a live person into the form, under a strict content security policy', async () => {
    sessions.asked = 'move-closer'
    const { page, context, problems } = await open('form/')
    const before = await page.evaluate(() => ({
      sent: new FormData(document.querySelector('form')!).get('liveness'),
      valid: document.querySelector('form')!.checkValidity(),
      consent: document.querySelector('[slot=consent]')!.getBoundingClientRect().height > 0,
      position: getComputedStyle(
        document.querySelector('unspoof-liveness')!.shadowRoot!.querySelector('.unspoof-stage')!,
      ).position,
    }))
    expect(before).toEqual({ sent: null, valid: false, consent: true, position: 'relative' })
    await page.evaluate(() => {
      const events: string[] = []
      let moved = false
      const element = document.querySelector('unspoof-liveness')!
      for (const name of ['liveness-result', 'liveness-error', 'liveness-cancel'])
        document.addEventListener(name, (event) => events.push(`${name} ${(event as CustomEvent).detail?.verdict}`))
      element.addEventListener('liveness-state', ({ detail }) => {
        if (detail.status !== events.at(-1)) events.push(detail.status)
        // The person does what is asked as soon as it is shown.
        if (moved || element.shadowRoot!.querySelector('.unspoof-movement') === null) return
        moved = true
        act({ closer: 1.4 })
      })
      Object.assign(globalThis, { events })
    })
    await page.click('.unspoof-button')
    await page.waitForSelector('unspoof-liveness [data-status=done]')
    const after = await page.evaluate(() => ({
      sent: String(new FormData(document.querySelector('form')!).get('liveness')),
      value: document.querySelector('unspoof-liveness')!.value,
      valid: document.querySelector('form')!.checkValidity(),
      events: (globalThis as unknown as { events: string[] }).events,
    }))
    expect(after.events).toEqual(expect.arrayContaining(['starting', 'checking', 'capturing', 'liveness-result live']))
    expect(after.valid).toBe(true)
    expect(after.sent).toBe(after.value)
    expect(await sessions.verify(after.sent)).toMatchObject({ sub: 'ada' })
    // Sent once more, the form has to be earned again.
    await page.evaluate(() => document.querySelector('form')!.reset())
    expect(await page.evaluate(() => new FormData(document.querySelector('form')!).get('liveness'))).toBeNull()
    expect(problems).toEqual([])
    await context.close()
  })

  it('speaks the language of the page, and of its own attribute', async () => {
    const german = await open('german/')
    expect(await german.page.textContent('.unspoof-button')).toBe('Kamera starten')
    await german.context.close()
    const arabic = await open('arabic/')
    expect(await arabic.page.textContent('.unspoof-button')).toBe('تشغيل الكاميرا')
    expect(await arabic.page.getAttribute('.unspoof', 'dir')).toBe('rtl')
    await arabic.page.evaluate(() => document.querySelector('unspoof-liveness')!.setAttribute('lang', 'ja'))
    await expect.poll(() => arabic.page.textContent('.unspoof-button')).toBe('カメラを開始')
    await arabic.context.close()
  })

  it('releases the camera when it leaves the page, and gives no token for a verdict made in the page', async () => {
    const { page, context } = await open('german/')
    const answer = await page.evaluate(async () => {
      const element = document.querySelector('unspoof-liveness')!
      let tracks: MediaStreamTrack[] = []
      element.addEventListener('liveness-state', ({ detail }) => {
        tracks = detail.camera.stream?.getTracks() ?? tracks
      })
      element.options = { liveness: { timeoutMs: 60_000 }, sequence: { maxDurationMs: 60_000 } }
      const checked = element.start()
      while (tracks.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      element.remove()
      const released = tracks.map((track) => track.readyState)
      await checked
      document.body.append(element)
      await element.start()
      return { released, verdict: element.state?.result?.verdict, value: element.value }
    })
    expect(answer).toEqual({ released: ['ended'], verdict: 'live', value: '' })
    await context.close()
  })

  it('keeps its place while its script loads: nothing on the page moves', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 780 } })
    const page = await context.newPage()
    await page.addInitScript(() => {
      const shifts: number[] = []
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value)
      }).observe({ type: 'layout-shift', buffered: true })
      Object.assign(globalThis, { shifts })
    })
    await page.route('**/unspoof-element.js*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      await route.continue()
    })
    await page.goto(`${site.url}form/`)
    await page.waitForSelector('unspoof-liveness .unspoof-button')
    await page.waitForTimeout(300)
    const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts)
    expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBe(0)
    await context.close()
  })
})
