import { fileURLToPath } from 'node:url'
import type { Face, LivenessResult } from '@unspoof/core'
import { createLiveness } from '@unspoof/node'
import { ASTRONAUT, makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { type StaticServer, startStaticServer } from '@unspoof/test-utils/static-server'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Judged {
  detection: { score: number }
  liveness: LivenessResult & { liveProbability: number; face: Face }
}

const DIST = fileURLToPath(new URL('../../examples/face-api-page/dist/', import.meta.url))

describe.skipIf(!hasChromium)('the face-api page', { timeout: 180_000 }, () => {
  let browser: Browser
  let server: StaticServer

  beforeAll(async () => {
    browser = await launchChromium({ camera: await makeClip() })
    server = await startStaticServer({ folders: { '/': DIST } })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('judges a picture: face-api finds the face, and the number is that of our own detector', async () => {
    const page = await browser.newPage()
    await page.goto(server.url)
    await page.setInputFiles('#file', ASTRONAUT)
    await page.waitForSelector('#status[data-verdicts]', { timeout: 120_000 })
    const { theirs, score } = await page.evaluate(() => {
      const [face] = (globalThis as unknown as { faces: Judged[] }).faces
      return { theirs: face!.liveness, score: face!.detection.score }
    })
    await using node = await createLiveness()
    const ours = (await node.check(ASTRONAUT)) as Judged['liveness']
    expect(score).toBeGreaterThan(0.5)
    expect(Math.abs(theirs.liveProbability - ours.liveProbability)).toBeLessThan(0.01)
    await page.close()
  })

  it('says so where the file is no picture', async () => {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(server.url)
    await page.setInputFiles('#file', { name: 'selfie.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('hello') })
    await page.waitForSelector('#status >> text=Choose a picture.', { timeout: 60_000 })
    expect(errors).toEqual([])
    await page.close()
  })

  it('judges the camera and lets go of it', async () => {
    const page = await browser.newPage()
    await page.goto(server.url)
    await page.click('#camera')
    await page.waitForSelector('#status[data-verdicts]:not([data-verdicts=""])', { timeout: 120_000 })
    await page.click('#camera')
    expect(await page.textContent('#camera')).toBe('Start camera')
    await page.close()
  })
})
