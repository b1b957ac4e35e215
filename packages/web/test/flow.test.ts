import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launchChromium } from '../../../test/browser/chromium.ts'
import { makeClip } from '../../../test/browser/clip.ts'
import { type Site, startSite } from './harness.ts'

/** Frames of the memory test: `UNSPOOF_FRAMES=2000` for the long form. */
const FRAMES = Number(process.env.UNSPOOF_FRAMES ?? 300)

describe.skipIf(!hasChromium)('camera and models together in Chromium', { timeout: 300_000 }, () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launchChromium({
      camera: await makeClip(),
      args: ['--enable-precise-memory-info', '--js-flags=--expose-gc'],
    })
    site = await startSite()
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  it('goes from the camera to a local verdict and turns the camera off', async () => {
    const { page, context, foreign } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const video = document.querySelector('video')!
      const seen = new Set<string>()
      const flow = unspoof.createLivenessFlow({ sequence: { maxDurationMs: 60_000 } })
      flow.attach(video)
      let tracks: MediaStreamTrack[] = []
      const done = new Promise<void>((resolve) => {
        flow.subscribe(() => {
          const { status, camera } = flow.getSnapshot()
          seen.add(status)
          tracks = camera.stream?.getTracks() ?? tracks
          if (status === 'done' || status === 'failed') resolve()
        })
      })
      void flow.start()
      await done
      const { status, result, error, progress } = flow.getSnapshot()
      flow.stop()
      return {
        status,
        error: error?.message,
        verdict: result?.verdict,
        source: result?.source,
        judged: result?.sequence?.frames.judged,
        progress,
        seen: [...seen],
        tracks: tracks.map((track) => track.readyState),
        srcObject: video.srcObject,
        violations,
      }
    })
    expect(answer).toMatchObject({
      status: 'done',
      source: 'local',
      progress: 1,
      tracks: ['ended'],
      srcObject: null,
      violations: [],
    })
    expect(answer.seen).toEqual(expect.arrayContaining(['starting', 'checking', 'done']))
    expect(answer.judged).toBeGreaterThanOrEqual(1)
    expect(foreign).toEqual([])
    await context.close()
  })

  it(`leaves memory flat over ${FRAMES} frames`, async () => {
    const { page, context } = await site.open(browser)
    const session = await context.newCDPSession(page)
    const answer = await page.evaluate(async (count) => {
      const video = document.querySelector('video')!
      const camera = unspoof.createCamera({ width: 640, height: 480 })
      await unspoof.showStream(video, await camera.start())
      const liveness = await unspoof.createLiveness({ crops: 1, timeoutMs: 60_000 })
      const heap = (): number => {
        ;(globalThis as { gc?: () => void }).gc?.()
        return (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize
      }
      const times: number[] = []
      const grabs: number[] = []
      const totals: number[] = []
      const heaps: number[] = []
      for (let i = 0; i < count; i++) {
        const began = performance.now()
        const pending = liveness.check(video)
        grabs.push(performance.now() - began)
        const result = await pending
        times.push(performance.now() - began)
        totals.push(result.timings.total)
        if (i % Math.floor(count / 10) === Math.floor(count / 10) - 1) heaps.push(heap())
      }
      await liveness.close()
      camera.stop()
      const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!
      return { heaps, round: median(times), main: median(grabs), worker: median(totals) }
    }, FRAMES)
    await session.detach()
    console.info(
      `frame: ${answer.round.toFixed(1)} ms round trip, ${answer.worker.toFixed(1)} ms in the worker, ${answer.main.toFixed(2)} ms on the main thread (medians)`,
    )
    const [early, ...later] = answer.heaps.slice(1)
    for (const heap of later) expect(heap).toBeLessThan(early! * 1.1 + 1e6)
    expect(answer.main).toBeLessThan(5)
    await context.close()
  })
})
