import { fileURLToPath } from 'node:url'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConformanceRequest } from './conformance-worker.ts'
import { type Site, startSite } from './harness.ts'

const ORT = 'ort-wasm-simd-threaded.wasm'

/** Lets a page share memory with threads. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

describe.skipIf(!hasChromium)('the runtimes in a worker', { timeout: 120_000 }, () => {
  let browser: Browser
  /** With the kernels, as copied by default. */
  let site: Site
  let onnxruntime: Site
  let isolated: Site

  beforeAll(async () => {
    browser = await launchChromium()
    const files = { '/conformance.js': await bundleWorker() }
    site = await startSite({}, { files })
    onnxruntime = await startSite({ runtime: 'onnxruntime' }, { files })
    isolated = await startSite({ runtime: 'onnxruntime' }, { files, headers: ISOLATED })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await onnxruntime?.close()
    await isolated?.close()
  })

  it.each<[string, () => Site, ConformanceRequest]>([
    ['the kernels', () => site, { wasm: '/unspoof/kernels.wasm' }],
    ['the kernels with relaxed SIMD', () => site, { wasm: '/unspoof/kernels-relaxed.wasm' }],
    ['onnxruntime-web', () => onnxruntime, { wasm: `/unspoof/${ORT}`, threads: 1 }],
    ['onnxruntime-web on two threads', () => isolated, { wasm: `/unspoof/${ORT}`, threads: 2 }],
  ])('%s conform', async (_, where, request) => {
    const { page, context } = await where().open(browser)
    const results = await page.evaluate(
      (message) =>
        new Promise<string[]>((resolve, reject) => {
          const worker = new Worker('/conformance.js', { type: 'module' })
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
          worker.postMessage(message)
        }),
      request,
    )
    expect(results.length).toBeGreaterThan(5)
    for (const result of results) expect(result).toMatch(/^ok: /)
    await context.close()
  })

  it('says what runs and why, and gives the same number whatever runs', async () => {
    const check = async (where: Site, threads: number | 'auto') => {
      const { page, context } = await where.open(browser)
      const answer = await page.evaluate(async (wanted) => {
        const liveness = await unspoof.createLiveness({ threads: wanted })
        const { liveProbability } = await liveness.check(await (await fetch('/fixtures/astronaut.jpg')).blob())
        const diagnostics = liveness.diagnostics()
        await liveness.close()
        return { ...diagnostics, liveProbability, violations }
      }, threads)
      await context.close()
      expect(answer.violations).toEqual([])
      return answer
    }
    const kernels = await check(site, 'auto')
    expect(kernels).toMatchObject({ runtime: 'unspoof kernels', wasm: 'kernels-relaxed.wasm', threads: 1 })
    expect(kernels.threadsReason).toMatch(/few milliseconds/)
    const one = await check(onnxruntime, 4)
    expect(one).toMatchObject({ threads: 1, crossOriginIsolated: false, wasm: ORT })
    expect(one.runtime).toMatch(/^onnxruntime-web \d/)
    expect(one.threadsReason).toContain('4 were asked for')
    expect(one.liveProbability).toBeCloseTo(kernels.liveProbability!, 4)
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
