import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error A script without declarations
import { serveGallery } from '../gallery/serve.mjs'

declare const names: string[]
declare const show: (name: string, locale: string, theme: string) => void

describe.skipIf(!hasChromium)('every state of the camera', { timeout: 180_000 }, () => {
  let browser: Browser
  let gallery: { url: string; close(): void }

  beforeAll(async () => {
    browser = await launchChromium()
    gallery = await serveGallery()
  })
  afterAll(async () => {
    await browser?.close()
    gallery?.close()
  })

  async function open(width: number, height: number): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height }, reducedMotion: 'reduce' })
    await page.goto(gallery.url)
    await page.waitForFunction('globalThis.names')
    return page
  }

  it.each([
    ['light', 'en'],
    ['dark', 'en'],
    ['light', 'ar'],
  ])('has no violation of axe: %s, %s', async (theme, locale) => {
    const page = await open(390, 780)
    await page.evaluate(axe.source)
    const found = await page.evaluate(
      async ([theme, locale]) => {
        const { axe } = globalThis as unknown as {
          axe: {
            run(context: Element, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
          }
        }
        const found: string[] = []
        for (const name of names) {
          show(name, locale!, theme!)
          const { violations } = await axe.run(document.querySelector('main')!, { resultTypes: ['violations'] })
          for (const { id, nodes } of violations) found.push(`${name}: ${id} ${nodes[0]!.html}`)
        }
        return { states: names.length, found }
      },
      [theme, locale],
    )
    expect(found.states).toBeGreaterThan(20)
    expect(found.found).toEqual([])
    await page.close()
  })

  it.each([
    ['320 px', 320, 568],
    ['a phone at 200 % zoom', 188, 334],
    ['a phone that lies', 740, 360],
  ])('keeps every word in view on %s', async (_, width, height) => {
    const page = await open(width, height)
    const cut = await page.evaluate(async () => {
      const cut: string[] = []
      for (const locale of ['en', 'de', 'ar', 'ja', 'hi']) {
        for (const name of names) {
          show(name, locale, 'light')
          const stage = document.querySelector('.unspoof-stage')!.getBoundingClientRect()
          for (const part of document.querySelectorAll(
            '.unspoof-icon, .unspoof-heading, .unspoof-text, .unspoof-hint',
          )) {
            const { top, bottom, left, right } = part.getBoundingClientRect()
            const inside =
              top >= stage.top - 1 && bottom <= stage.bottom + 1 && left >= stage.left - 1 && right <= stage.right + 1
            if (!inside) cut.push(`${locale} ${name}: ${part.getAttribute('class')}`)
          }
          if (document.documentElement.scrollWidth > innerWidth) cut.push(`${locale} ${name}: scrolls sideways`)
        }
      }
      return cut
    })
    expect(cut).toEqual([])
    await page.close()
  })
})
