// Takes an image of every state in light and dark, on a phone and a desktop, and makes one page of them:
// npm run gallery --workspace @unspoof/web -- FOLDER
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { serveGallery } from './serve.mjs'

const LOCALES = ['en', 'de', 'ar', 'ja']
const THEMES = ['light', 'dark']
const SCREENS = {
  phone: { width: 375, height: 667 },
  desktop: { width: 1024, height: 760 },
  lying: { width: 740, height: 360 },
}
/** Full sets are in English; the other languages and the phone that lies are looked at in light. */
const WANTED = Object.keys(SCREENS)
  .flatMap((screen) =>
    LOCALES.flatMap((locale) =>
      THEMES.filter((theme) => theme === 'light' || (locale === 'en' && screen !== 'lying')).map((theme) => ({
        screen,
        locale,
        theme,
      })),
    ),
  )
  .filter(({ screen, locale }) => screen === 'phone' || locale === 'en')

const out = process.argv[2] ?? 'gallery'
const gallery = await serveGallery()
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox', '--disable-gpu'],
})
await mkdir(out, { recursive: true })
const rows = []
for (const { screen, locale, theme } of WANTED) {
  const page = await browser.newPage({ viewport: SCREENS[screen], reducedMotion: 'reduce' })
  await page.goto(gallery.url)
  await page.waitForFunction('globalThis.names')
  const images = []
  for (const name of await page.evaluate('names')) {
    await page.evaluate(([state, language, look]) => globalThis.show(state, language, look), [name, locale, theme])
    const file = `${screen}-${locale}-${theme}-${name.replaceAll(' ', '-')}.png`
    await page.screenshot({ path: join(out, file) })
    images.push(
      `<figure><img src="${file}" alt="" loading="lazy" width="${SCREENS[screen].width / 2}"><figcaption>${name}</figcaption></figure>`,
    )
  }
  rows.push(`<h2>${screen}, ${locale}, ${theme}</h2><div>${images.join('')}</div>`)
  await page.close()
}
await browser.close()
gallery.close()
await writeFile(
  join(out, 'index.html'),
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Every state of the camera</title><style>body{font:16px system-ui}div{display:flex;flex-wrap:wrap;gap:12px}figure{margin:0}img{border:1px solid #ccc}</style><h1>Every state of the camera</h1>${rows.join('')}`,
)
console.log(join(out, 'index.html'))
