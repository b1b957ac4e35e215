import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { installPerson, type Movement } from '@unspoof/test-utils/person'
import { en } from '@unspoof/web/strings'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from '../../web/test/harness.ts'
import { startSessions, type TestSessions } from '../../web/test/sessions.ts'
import { pageFiles } from './page-files.ts'

interface TestReact {
  mountCounter(): void
  show(props: object): void
}
declare const react: TestReact

/** `UNSPOOF_SCREENSHOTS=folder` keeps pictures of every state these tests pass through, in light and dark, for a person to look at. */
const SCREENSHOTS = process.env.UNSPOOF_SCREENSHOTS

describe.skipIf(!hasChromium)('<LivenessCamera/> for everybody', { timeout: 120_000 }, () => {
  let browser: Browser
  let site: Site
  let sessions: TestSessions

  beforeAll(async () => {
    browser = await launchChromium()
    sessions = await startSessions()
    site = await startSite({}, { files: await pageFiles('19'), handle: sessions.handle })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await sessions?.close()
  })

  async function open(person: Movement = {}, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 390, height: 780 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(90_000) // for machines that do much else
    await installPerson(page, person)
    await page.goto(`${site.url}react-19/`)
    await page.waitForFunction('globalThis.react')
    return { page, context }
  }

  /** `when` is a selector of what passes: it is waited for only where pictures are kept. */
  async function photograph(page: Page, name: string, when = 'body'): Promise<void> {
    if (SCREENSHOTS === undefined) return
    await page.waitForSelector(when)
    await mkdir(SCREENSHOTS, { recursive: true })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}.png`) })
    }
  }

  const status = (page: Page, wanted: string) => page.waitForSelector(`.unspoof[data-status="${wanted}"]`)

  it('announces no faster than it can be spoken, and always the last word', async () => {
    const { page, context } = await open()
    const heard = await page.evaluate(async () => {
      const heard: { text: string; at: number }[] = []
      new MutationObserver(() => {
        heard.push({ text: document.querySelector('[role="status"]')?.textContent ?? '', at: performance.now() })
      }).observe(document.getElementById('root')!, { subtree: true, childList: true, characterData: true })
      // A busy page: what React puts off to a later task is late, and timers fire in between.
      const busy = setInterval(() => {
        const until = performance.now() + 40 * Math.random()
        while (performance.now() < until);
      }, 1)
      react.mountCounter()
      while (heard.at(-1)?.text !== 'hint 40') await new Promise((resolve) => setTimeout(resolve, 20))
      clearInterval(busy)
      return heard
    })
    expect(heard.length).toBeGreaterThan(2)
    const gaps = heard.slice(2).map(({ at }, i) => at - heard[i + 1]!.at)
    // Each is timed from when the one before it was on the page; timers are rounded.
    for (const gap of gaps) expect(gap).toBeGreaterThan(380)
    await context.close()
  })

  it('leads the keyboard from the button to the list of cameras, and keeps it when they go', async () => {
    const { page, context } = await open()
    await page.evaluate(() => {
      navigator.mediaDevices.enumerateDevices = async () =>
        ['Front camera', 'USB camera'].map(
          (label) => ({ kind: 'videoinput', deviceId: label, label }) as MediaDeviceInfo,
        )
      // Written down in the page: a state may be over before a test on a busy machine has looked.
      const seen: string[] = []
      Object.assign(globalThis, { seen })
      new MutationObserver(() => {
        const status = document.querySelector<HTMLElement>('.unspoof')?.dataset.status
        if (status !== undefined && status !== seen.at(-1)) seen.push(status)
        if (seen.includes('movement') || document.querySelector('.unspoof-movement') === null) return
        // The person does what is asked as soon as it is shown.
        seen.push('movement')
        act({ closer: 1.4 })
      }).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-status'] })
      react.show({ locale: 'en', session: '/liveness/sessions' })
    })
    const focused = () => page.evaluate(() => document.activeElement?.className)
    await page.waitForSelector('.unspoof-button')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('unspoof-button')
    await photograph(page, 'idle')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.unspoof-select')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('unspoof-select')
    await photograph(page, 'capturing', '[data-status="capturing"]')
    await photograph(page, 'challenge', '.unspoof-movement')
    await status(page, 'done')
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
    expect(seen).toEqual(expect.arrayContaining(['starting', 'checking', 'capturing', 'movement', 'done']))
    // List and button are gone; whoever presses Tab goes on from here.
    expect(await page.textContent('.unspoof-panel')).toBe(en.labels.live)
    expect(await page.getAttribute('.unspoof', 'data-verdict')).toBe('live')
    expect(await focused()).toBe('unspoof')
    expect(await page.$('.unspoof-button')).toBeNull()
    await photograph(page, 'live')
    await context.close()
  })

  it('does not take the focus from elsewhere', async () => {
    const { page, context } = await open()
    await page.evaluate(() => {
      document.body.append(Object.assign(document.createElement('input'), { id: 'elsewhere' }))
      react.show({ locale: 'en' })
    })
    await page.click('.unspoof-button')
    await page.focus('#elsewhere')
    await status(page, 'done')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('elsewhere')
    await context.close()
  })

  it('stands still where less motion is wanted', async () => {
    const { page, context } = await open({ away: 1 }, { reducedMotion: 'reduce' })
    await page.evaluate(() => react.show({ locale: 'de', sequence: { maxDurationMs: 600_000 } }))
    await page.click('.unspoof-button')
    await status(page, 'checking')
    const motion = () =>
      page.evaluate(() => {
        // The sign of a movement as the component draws it; it is there only while a server asks for one.
        const sign = document.createElementNS('http://www.w3.org/2000/svg', 'path')
        sign.setAttribute('class', 'unspoof-movement')
        document.querySelector('.unspoof-oval')!.append(sign)
        const [bar, movement] = [getComputedStyle(document.querySelector('.unspoof-bar')!), getComputedStyle(sign)]
        const motion = { bar: bar.transitionDuration, movement: movement.animationName }
        sign.remove()
        return motion
      })
    expect(await motion()).toEqual({ bar: '0s', movement: 'none' })
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    expect(await motion()).toEqual({ bar: '0.2s', movement: 'unspoof-nudge' })
    await photograph(page, 'checking')
    await context.close()
  })

  it('reads from right to left in Arabic, with nothing cut off on a phone', async () => {
    const { page, context } = await open({ away: 1 }, { viewport: { width: 320, height: 640 } })
    await page.evaluate(() => {
      navigator.mediaDevices.enumerateDevices = async () =>
        ['الكاميرا', 'USB camera with a name that is far too long'].map(
          (label) => ({ kind: 'videoinput', deviceId: label, label }) as MediaDeviceInfo,
        )
      react.show({ locale: 'ar', sequence: { maxDurationMs: 600_000 } })
    })
    await photograph(page, 'arabic-idle')
    await page.click('.unspoof-button')
    await status(page, 'checking')
    await page.waitForSelector('.unspoof-hint')
    const seen = await page.evaluate(() => {
      const place = (selector: string) => document.querySelector(selector)!.getBoundingClientRect()
      const [button, select] = [place('.unspoof-button'), place('.unspoof-select')]
      return {
        direction: getComputedStyle(document.querySelector('.unspoof')!).direction,
        buttonFirst: button.right > select.right,
        inside: [button, select, place('.unspoof-hint')].every(({ left, right }) => left >= 0 && right <= innerWidth),
        scrolls: document.documentElement.scrollWidth > innerWidth,
      }
    })
    expect(seen).toEqual({ direction: 'rtl', buttonFirst: true, inside: true, scrolls: false })
    await photograph(page, 'arabic-checking')
    await context.close()
  })

  it.each([
    ['a phone that lies', 740, 360],
    ['a narrow phone', 320, 568],
  ])('keeps oval and words whole on %s', async (name, width, height) => {
    const { page, context } = await open({ away: 1 }, { viewport: { width, height } })
    await page.evaluate(() => react.show({ locale: 'de', sequence: { maxDurationMs: 600_000 } }))
    await page.waitForSelector('.unspoof-text')
    const [stands, text, icon] = await page.evaluate(() =>
      ['.unspoof-stage', '.unspoof-text', '.unspoof-icon'].map(
        (selector) => document.querySelector(selector)!.getBoundingClientRect().toJSON() as DOMRect,
      ),
    )
    expect(text!.bottom).toBeLessThan(stands!.bottom)
    expect(icon!.top).toBeGreaterThan(stands!.top)
    await page.click('.unspoof-button')
    await status(page, 'checking')
    const { stage, oval } = await page.evaluate(() => {
      const place = (selector: string) => document.querySelector(selector)!.getBoundingClientRect().toJSON() as DOMRect
      return { stage: place('.unspoof-stage'), oval: place('.unspoof-track') }
    })
    expect(oval.top).toBeGreaterThan(stage.top)
    expect(oval.bottom).toBeLessThan(stage.bottom)
    expect(oval.left).toBeGreaterThan(stage.left)
    expect(oval.right).toBeLessThan(stage.right)
    expect(oval.height / oval.width).toBeCloseTo(4 / 3, 1)
    await photograph(page, name.replaceAll(' ', '-'))
    await context.close()
  })

  it('says in words and in place what went wrong, and what to do', async () => {
    const { page, context } = await open({}, { viewport: { width: 1280, height: 900 } })
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
      react.show({ locale: 'en' })
    })
    await page.click('.unspoof-button')
    await status(page, 'failed')
    await expect
      .poll(() => page.textContent('.unspoof [role="status"]'))
      .toBe(`${en.errors.CAMERA_DENIED[0]}. ${en.permission.chromium}`)
    expect(await page.textContent('.unspoof-button')).toBe('Try again')
    await photograph(page, 'failed-desktop')
    await context.close()
  })
})
