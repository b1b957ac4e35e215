import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launchChromium } from '../../../test/browser/chromium.ts'
import { type Site, startSite } from './harness.ts'

/** Lets a page share memory with threads. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

describe.skipIf(!hasChromium)('the runtime in a worker', { timeout: 120_000 }, () => {
  let browser: Browser
  let site: Site
  let isolated: Site

  beforeAll(async () => {
    browser = await launchChromium()
    const files = { '/conformance.js': await bundleWorker() }
    site = await startSite({}, { files })
    isolated = await startSite({}, { files, headers: ISOLATED })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await isolated?.close()
  })

  it.each([
    ['one thread', 1],
    ['two threads', 2],
  ])('conforms with %s', async (_, threads) => {
    const { page, context } = await (threads === 1 ? site : isolated).open(browser)
    const results = await page.evaluate(
      (count) =>
        new Promise<string[]>((resolve, reject) => {
          const worker = new Worker('/conformance.js', { type: 'module' })
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
          worker.postMessage({ wasm: '/unspoof/ort-wasm-simd-threaded.wasm', threads: count })
        }),
      threads,
    )
    expect(results.length).toBeGreaterThan(5)
    for (const result of results) expect(result).toMatch(/^ok: /)
    await context.close()
  })

  it('takes threads where the page is isolated, says why, and gives the same number', async () => {
    const check = async (where: Site, threads: number | 'auto') => {
      const { page, context } = await where.open(browser)
      const answer = await page.evaluate(async (wanted) => {
        const liveness = await unspoof.createLiveness({ threads: wanted })
        const { liveProbability } = await liveness.check(await (await fetch('/fixtures/astronaut.jpg')).blob())
        const { threads, threadsReason, crossOriginIsolated } = liveness.diagnostics()
        await liveness.close()
        return { liveProbability, threads, threadsReason, crossOriginIsolated, violations }
      }, threads)
      await context.close()
      expect(answer.violations).toEqual([])
      return answer
    }
    const one = await check(site, 4)
    expect(one).toMatchObject({ threads: 1, crossOriginIsolated: false })
    expect(one.threadsReason).toContain('4 were asked for')
    const two = await check(isolated, 2)
    expect(two).toMatchObject({ threads: 2, crossOriginIsolated: true })
    expect(two.liveProbability).toBeCloseTo(one.liveProbability!, 4)
    const auto = await check(isolated, 'auto')
    expect(auto.threadsReason).toMatch(/cores/)
  })
})

async function bundleWorker(): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL('conformance-worker.ts', import.meta.url)),
    platform: 'browser',
    resolve: { conditionNames: ['@unspoof/source', 'import', 'module', 'browser', 'default'] },
  })
  const { output } = await build.generate({ format: 'esm' })
  await build.close()
  return output[0].code
}
