// Takes the image of this page that the README shows: `npm run screenshot --workspace unspoof-demo`, after a build.
import { fileURLToPath } from 'node:url'
import { closeDefaultLiveness } from '@unspoof/express'
import { chromium } from 'playwright-core'
import { createDemo } from './server.js'

const FACE = fileURLToPath(new URL('../../fixtures/astronaut.jpg', import.meta.url))
const TARGET = fileURLToPath(new URL('../../docs/public/demo.png', import.meta.url))

const { app, ready } = await createDemo()
await ready()
const server = app.listen(0, '127.0.0.1')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 720 } })
  await page.goto(`http://127.0.0.1:${server.address().port}`)
  // The first checks are slower: the compiler has not seen the code yet.
  for (let i = 0; i < 10; i++) {
    await page.setInputFiles('#file', [])
    const answered = page.waitForResponse('**/api/check?*')
    await page.setInputFiles('#file', FACE)
    await answered
  }
  await page.waitForSelector('#details:not([hidden])')
  await page.screenshot({ path: TARGET })
} finally {
  await browser.close()
  server.close()
  await closeDefaultLiveness()
}
console.log(`Wrote ${TARGET}`)
