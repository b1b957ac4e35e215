import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DEFAULT_DETECTORS } from '@unspoof/models'
import { createLiveness as createNodeLiveness } from '@unspoof/node'
import { makePictures } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebLiveness as Liveness } from '../src/index.ts'
import { type Site, startSite } from './harness.ts'

/** Largest difference of live probabilities between Node and a page; weights-only INT8 is float arithmetic, which agrees to 1e-5. */
const SAME_NUMBER = 0.001

describe.skipIf(!hasChromium)('createLiveness in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launchChromium()
    site = await startSite({ detectors: [...DEFAULT_DETECTORS] as never })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  it('judges every kind of input under a strict content security policy, without a request to anybody else', async () => {
    const { page, context, foreign } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const liveness = await unspoof.createLiveness()
      const blob = await (await fetch('/fixtures/astronaut.jpg')).blob()
      const bitmap = await createImageBitmap(blob)
      const canvas = document.createElement('canvas')
      canvas.width = bitmap.width
      canvas.height = bitmap.height
      const context = canvas.getContext('2d')!
      context.drawImage(bitmap, 0, 0)
      const imageData = context.getImageData(0, 0, canvas.width, canvas.height)
      const offscreen = new OffscreenCanvas(canvas.width, canvas.height)
      offscreen.getContext('2d')!.drawImage(bitmap, 0, 0)
      const videoFrame = new VideoFrame(canvas, { timestamp: 0 })
      const image = new Image()
      image.src = '/fixtures/astronaut.jpg'
      await image.decode()
      const rgb = new Uint8Array(canvas.width * canvas.height * 3)
      for (let i = 0, j = 0; i < imageData.data.length; i += 4) {
        rgb[j++] = imageData.data[i]!
        rgb[j++] = imageData.data[i + 1]!
        rgb[j++] = imageData.data[i + 2]!
      }
      const frame = { data: rgb, width: canvas.width, height: canvas.height, channels: 3 } as never
      const inputs = {
        blob,
        file: new File([blob], 'a.txt', { type: 'text/plain' }),
        bitmap,
        canvas,
        offscreen,
        imageData,
        videoFrame,
        image,
        frame,
      }
      const results: Record<string, unknown> = {}
      for (const [name, input] of Object.entries(inputs)) {
        const result = await liveness.check(input)
        results[name] = result.liveProbability
      }
      // Nothing the caller passed was consumed.
      const untouched =
        bitmap.width === 400 && imageData.data.length > 0 && videoFrame.displayWidth === 400 && rgb.length > 0
      videoFrame.close()
      const diagnostics = liveness.diagnostics()
      await liveness.close()
      const late = await liveness.check(canvas).catch((error) => error.code)
      return { results, untouched, diagnostics, late, violations }
    })
    const { blob, videoFrame, ...exact } = answer.results as Record<string, number>
    expect(blob).toBeGreaterThan(0)
    for (const value of Object.values(exact)) expect(value).toBe(blob)
    expect(Math.abs(videoFrame! - blob!)).toBeLessThan(0.01) // the browser may have converted its colours
    expect(answer.untouched).toBe(true)
    expect(answer.late).toBe('CLOSED')
    expect(answer.violations).toEqual([])
    expect(foreign).toEqual([])
    expect(answer.diagnostics).toMatchObject({ backend: 'wasm', threads: 1, crossOriginIsolated: false })
    expect(answer.diagnostics.threadsReason).toMatch(/few milliseconds/)
    expect(answer.diagnostics.models.length).toBeGreaterThan(1)
    await context.close()
  })

  it('gives the live probability of Node, within the bound, on 60 pictures', async () => {
    const pictures = await makePictures(60)
    await using node = await createNodeLiveness()
    const { page, context } = await site.open(browser)
    const inBrowser = await page.evaluate(
      async (encoded) => {
        const liveness = await unspoof.createLiveness()
        const results = []
        for (const base64 of encoded) {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
          const { verdict, liveProbability, image } = await liveness.check(new Blob([bytes]))
          results.push({ verdict, liveProbability, sha256: image?.sha256 })
        }
        await liveness.close()
        return results
      },
      pictures.map((picture) => picture.toString('base64')),
    )
    await context.close()
    let compared = 0
    let worst = 0
    for (const [i, picture] of pictures.entries()) {
      const expected = await node.check(picture)
      expect(inBrowser[i]!.sha256).toBe(expected.image?.sha256)
      if (expected.liveProbability === null) {
        expect(inBrowser[i]!.verdict).toBe(expected.verdict)
        continue
      }
      compared++
      worst = Math.max(worst, Math.abs(inBrowser[i]!.liveProbability! - expected.liveProbability))
    }
    console.info(`browser against Node: ${compared} pictures, largest difference ${worst.toFixed(5)}`)
    expect(compared).toBeGreaterThanOrEqual(50)
    expect(worst).toBeLessThanOrEqual(SAME_NUMBER)
  })

  it('answers what is no picture with a code, and goes on working', async () => {
    const { page, context } = await site.open(browser)
    const codes = await page.evaluate(async () => {
      const liveness = await unspoof.createLiveness()
      const good = await (await fetch('/fixtures/astronaut.jpg')).arrayBuffer()
      const png = await (async () => {
        const canvas = new OffscreenCanvas(300, 300)
        canvas.getContext('2d')!.clearRect(0, 0, 300, 300)
        return canvas.convertToBlob({ type: 'image/png' })
      })()
      const inputs: unknown[] = [
        new Blob([]),
        new Blob(['<svg xmlns="http://www.w3.org/2000/svg"/>'], { type: 'image/jpeg' }),
        new Blob(['GIF89a']),
        new Blob([good.slice(0, 200)]),
        document.createElement('video'),
        'selfie.jpg',
        null,
        {},
      ]
      const codes = []
      for (const input of inputs)
        codes.push(
          await liveness.check(input as never).then(
            (r) => r.verdict,
            (error) => (error.hint === '' ? 'no hint' : error.code),
          ),
        )
      const empty = await liveness.check(png)
      codes.push(`${empty.verdict} ${empty.reasons[0]?.code}`)
      const option = await liveness.check(png, { operatingPiont: 'strict' } as never).catch((error) => error.code)
      const after = await liveness.check(new Blob([good]))
      await liveness.close()
      return [...codes, option, after.faces.length]
    })
    expect(codes).toEqual([
      'IMAGE_CORRUPT',
      'IMAGE_TYPE',
      'IMAGE_TYPE',
      'IMAGE_CORRUPT',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'retry no-face',
      'OPTION_INVALID',
      1,
    ])
    await context.close()
  })

  it('answers where the frames of a sequence stop coming, and where the caller gives up', async () => {
    const { page, context } = await site.open(browser)
    const answers = await page.evaluate(async () => {
      const liveness = await unspoof.createLiveness({ crops: 1 })
      const stalled = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => undefined),
          return: () => new Promise<never>(() => undefined),
        }),
      }
      const { verdict, reasons } = await liveness.checkSequence(stalled, { maxDurationMs: 200 })
      const abort = new AbortController()
      const given = liveness.checkSequence(stalled, { signal: abort.signal }).catch((error) => error.code)
      abort.abort()
      const codes = [verdict, reasons[0]?.code, await given]
      await liveness.close()
      return codes
    })
    expect(answers).toEqual(['retry', 'timed-out', 'ABORTED'])
    await context.close()
  })

  it('fails what a lost worker had to answer, and goes on with a new one', async () => {
    const { page, context } = await site.open(browser)
    await page.evaluate(async () => {
      const liveness = await unspoof.createLiveness({ crops: 1, timeoutMs: 60_000 })
      const stalled = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
      const waiting = liveness.checkSequence(stalled, { maxDurationMs: 60_000 }).catch((error) => error.code)
      Object.assign(globalThis, { kept: { liveness, waiting } })
    })
    const lost = page.workers()[0]!
    await lost.evaluate(() => {
      setTimeout(() => {
        throw new Error('as if the browser had run out of memory')
      })
    })
    const answer = await page.evaluate(async () => {
      const { liveness, waiting } = (
        globalThis as unknown as { kept: { liveness: Liveness; waiting: Promise<string> } }
      ).kept
      const code = await waiting
      const { faces } = await liveness.check(await (await fetch('/fixtures/astronaut.jpg')).blob())
      await liveness.close()
      return { code, faces: faces.length }
    })
    expect(answer).toEqual({ code: 'WORKER_LOST', faces: 1 })
    await context.close()
  })

  it('shares one worker, and ends it with the last user', async () => {
    const { page, context } = await site.open(browser)
    const loads = (): number => site.requests.filter((path) => path === '/unspoof/unspoof.json').length
    const before = loads()
    await page.evaluate(async () => {
      const [a, b] = await Promise.all([unspoof.createLiveness(), unspoof.createLiveness({ crops: 1 })])
      await a.close()
      const blob = await (await fetch('/fixtures/astronaut.jpg')).blob()
      await b.check(blob)
      await b.close()
    })
    expect(loads() - before).toBe(1)
    await expect.poll(() => page.workers().length).toBe(0)
    const after = await page.evaluate(async () => {
      const liveness = await unspoof.createLiveness({ timeoutMs: 30_000 })
      const blob = await (await fetch('/fixtures/astronaut.jpg')).blob()
      const controller = new AbortController()
      const given = liveness.check(blob, { signal: controller.signal }).catch((error) => error.code)
      controller.abort()
      const results = await Promise.all([1, 2, 3, 4].map(() => liveness.check(blob)))
      const aborted = await unspoof.createLiveness({ signal: AbortSignal.abort() }).catch((error) => error.code)
      await liveness.close()
      return { given: await given, same: new Set(results.map((result) => result.liveProbability)).size, aborted }
    })
    expect(after).toEqual({ given: 'ABORTED', same: 1, aborted: 'ABORTED' })
    await context.close()
  })

  it('refuses assets that are missing, changed, of another version or of another site', async () => {
    const broken = await startSite()
    const manifest = JSON.parse(await readFile(join(broken.assets, 'unspoof.json'), 'utf8'))
    const load = async (options?: object): Promise<string> => {
      const { page, context } = await broken.open(browser)
      const code = await page.evaluate(
        (given) =>
          unspoof.createLiveness(given).then(
            (liveness) => liveness.close().then(() => 'loaded'),
            (error) => error.code,
          ),
        options,
      )
      await context.close()
      return code
    }
    expect(await load({ assets: 'https://cdn.example/unspoof/' })).toBe('OPTION_INVALID')
    expect(await load({ assets: '/elsewhere' })).toBe('MODEL_MISSING')
    expect(await load({ integrity: '0'.repeat(64) })).toBe('MODEL_HASH')
    expect(await load({ models: ['nobody'] })).toBe('MODEL_MISSING')

    const model = Object.values(manifest.models as Record<string, { weights: { path: string } }>)[0]!.weights.path
    // Chromium has relaxed SIMD.
    for (const path of [model, manifest.relaxedWasm.path as string]) {
      const file = join(broken.assets, path)
      await copyFile(file, `${file}.good`)
      const bytes = await readFile(file)
      bytes[bytes.length >> 1]! ^= 1
      await writeFile(file, bytes)
      expect(await load()).toBe('MODEL_HASH')
      await copyFile(`${file}.good`, file)
    }
    await writeFile(join(broken.assets, 'unspoof.json'), JSON.stringify({ ...manifest, version: '0.0.0-other' }))
    expect(await load()).toBe('MODEL_MISSING')
    await writeFile(join(broken.assets, 'unspoof.json'), JSON.stringify(manifest))
    expect(await load()).toBe('loaded')
    await broken.close()
  })
})
