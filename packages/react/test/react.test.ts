import { makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from '../../web/test/harness.ts'
import { pageFiles } from './page-files.ts'

interface TestReact {
  version: string
  results: string[]
  mountProbe(states: string[]): () => void
  mountCamera(): () => void
}

describe.skipIf(!hasChromium)('React in Chromium', { timeout: 180_000 }, () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launchChromium({ camera: await makeClip() })
    site = await startSite({}, { files: { ...(await pageFiles('18')), ...(await pageFiles('19')) } })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  describe.each(['18', '19'])('React %s', (version) => {
    async function open() {
      const { page, context } = await site.open(browser)
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(String(error)))
      page.on(
        'console',
        (message) => message.type() === 'error' && errors.push(`${message.text()} ${message.location().url}`),
      )
      await page.goto(`${site.url}react-${version}/`)
      await page.waitForFunction('globalThis.react')
      await page.evaluate(() => {
        const tracks: MediaStreamTrack[] = []
        const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
        Object.assign(globalThis, { tracks, calls: 0 })
        navigator.mediaDevices.getUserMedia = async (constraints) => {
          ;(globalThis as unknown as { calls: number }).calls++
          await new Promise((resolve) => setTimeout(resolve, 200)) // the person reads the prompt
          const stream = await original(constraints)
          tracks.push(...stream.getTracks())
          return stream
        }
      })
      return { page, context, errors }
    }

    it('asks once under StrictMode, and releases the camera when the component goes', async () => {
      const { page, context, errors } = await open()
      const answer = await page.evaluate(async () => {
        const { react, tracks } = globalThis as unknown as { react: TestReact; tracks: MediaStreamTrack[] }
        const states: string[] = []
        const unmount = react.mountProbe(states)
        const until = async (wanted: string[]): Promise<void> => {
          while (!wanted.some((state) => states.at(-1)?.startsWith(state)))
            await new Promise((resolve) => setTimeout(resolve, 50))
        }
        await until(['checking', 'done', 'failed'])
        const asked = (globalThis as unknown as { calls: number }).calls
        unmount()
        while (tracks.some((track) => track.readyState !== 'ended'))
          await new Promise((resolve) => setTimeout(resolve, 20))
        return { version: react.version, asked, states, tracks: tracks.map((track) => track.readyState) }
      })
      expect(answer.version.split('.')[0]).toBe(version)
      expect(answer).toMatchObject({ asked: 1, tracks: ['ended'] })
      expect(answer.states).toEqual(expect.arrayContaining(['idle', 'starting']))
      expect(errors).toEqual([])
      await context.close()
    })

    it('closes the camera that arrives after the component has gone', async () => {
      const { page, context, errors } = await open()
      const answer = await page.evaluate(async () => {
        const { react, tracks } = globalThis as unknown as { react: TestReact; tracks: MediaStreamTrack[] }
        const unmount = react.mountProbe([])
        while ((globalThis as unknown as { calls: number }).calls === 0)
          await new Promise((resolve) => setTimeout(resolve, 10))
        unmount()
        while (!tracks.some((track) => track.readyState === 'ended'))
          await new Promise((resolve) => setTimeout(resolve, 20))
        return tracks.map((track) => track.readyState)
      })
      expect(answer).toEqual(['ended'])
      expect(errors).toEqual([])
      await context.close()
    })

    it('shows <LivenessCamera/> from the start to the verdict, and calls the latest callback', async () => {
      const { page, context, errors } = await open()
      await page.evaluate(() => void (globalThis as unknown as { react: TestReact }).react.mountCamera())
      await page.click('#again') // the callback of the second render is the one that counts
      await page.evaluate(() => {
        const violations: string[] = []
        document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective))
        // Written down in the page: the check may be over before a test on a busy machine has looked.
        const checking: { focused?: string; max?: string | null } = {}
        const camera = document.querySelector<HTMLElement>('.unspoof')!
        new MutationObserver(() => {
          if (camera.dataset.status !== 'checking') return
          checking.focused = document.activeElement?.className
          checking.max = camera.querySelector('[role="progressbar"]')?.getAttribute('aria-valuemax')
        }).observe(camera, { attributeFilter: ['data-status'] })
        Object.assign(globalThis, { violations, checking })
      })
      const styled = await page.evaluate(() => getComputedStyle(document.querySelector('.unspoof-stage')!).position)
      expect(styled).toBe('relative')
      await page.focus('.unspoof-button')
      await page.keyboard.press('Enter')
      await page.waitForSelector('[data-status="done"]', { timeout: 90_000 })
      expect(await page.evaluate(() => (globalThis as unknown as { checking: object }).checking)).toEqual({
        focused: 'unspoof-button',
        max: '100',
      })
      expect(await page.evaluate(() => (globalThis as unknown as { react: TestReact }).react.results.length)).toBe(1)
      expect(await page.evaluate(() => (globalThis as unknown as { react: TestReact }).react.results[0])).toMatch(/^1 /)
      expect(
        await page.evaluate(() =>
          (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks.every(
            (track) => track.readyState === 'ended',
          ),
        ),
      ).toBe(true)
      await expect.poll(() => page.textContent('.unspoof [role="status"]')).not.toBe('')
      expect(await page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations)).toEqual([])
      expect(errors).toEqual([])
      await context.close()
    })
  })
})
