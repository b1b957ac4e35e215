import { makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from './harness.ts'

describe.skipIf(!hasChromium)('what never comes, in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launchChromium({ camera: await makeClip() })
    site = await startSite(
      {},
      {
        handle(request, response) {
          if (request.url !== '/around') return false
          response.setHeader('content-security-policy', '')
          response.setHeader('content-type', 'text/html')
          response.end(`<!doctype html><title>around</title><iframe src="${site.url}"></iframe>`)
          return true
        },
      },
    )
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  it('says that a camera without a first frame shows nothing, and lets it go', async () => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const stream = document.createElement('canvas').captureStream(0)
      navigator.mediaDevices.getUserMedia = async () => stream
      const flow = unspoof.createLivenessFlow({ camera: { frameTimeoutMs: 1_000 } })
      flow.attach(document.querySelector('video'))
      await flow.start()
      return { code: flow.getSnapshot().error?.code, track: stream.getVideoTracks()[0]!.readyState }
    })
    expect(answer).toEqual({ code: 'CAMERA_NO_FRAMES', track: 'ended' })
    await context.close()
  })

  it('says that the browser plays only after a click', async () => {
    const { page, context } = await site.open(browser)
    const code = await page.evaluate(async () => {
      const video = document.querySelector('video')!
      video.play = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
      const flow = unspoof.createLivenessFlow()
      flow.attach(video)
      await flow.start()
      return flow.getSnapshot().error?.code
    })
    expect(code).toBe('PLAYBACK_BLOCKED')
    await context.close()
  })

  it.each(['stops sending frames', 'is muted'])('gives up a camera that %s, but not in a hidden page', async (how) => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async (how) => {
      const video = document.querySelector('video')!
      const canvas = document.createElement('canvas')
      const stream = canvas.captureStream(0)
      const track = stream.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack
      let drawn = 0
      const draw = (): void => {
        canvas.getContext('2d')!.fillRect(++drawn, 0, 1, 1)
        track.requestFrame()
      }
      let timer = setInterval(draw, 30)
      await unspoof.showStream(video, stream)
      let visibility = 'visible'
      Object.defineProperty(document, 'visibilityState', { get: () => visibility })
      let frames = 0
      let hidden: number | undefined
      const code = await (async () => {
        for await (const _ of unspoof.videoFrames(video, { timeoutMs: 1_000 })) {
          if (++frames !== 5) continue
          if (how === 'is muted') Object.defineProperty(track, 'muted', { get: () => true })
          else clearInterval(timer)
          visibility = 'hidden'
          const since = performance.now()
          setTimeout(() => {
            hidden = performance.now() - since
            visibility = 'visible'
          }, 2_000)
        }
      })().catch((error) => error.code)
      clearInterval(timer)
      timer = 0 as never
      return { code, frames, hidden: hidden !== undefined && hidden >= 1_900 }
    }, how)
    expect(answer).toEqual({ code: 'CAMERA_STALLED', frames: 5, hidden: true })
    await context.close()
  })

  it('starts a stalled camera again by itself, once', async () => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const opened: MediaStreamTrack[] = []
      navigator.mediaDevices.getUserMedia = async () => {
        const canvas = document.createElement('canvas')
        const stream = canvas.captureStream(0)
        const track = stream.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack
        canvas.getContext('2d')!.fillRect(0, 0, 9, 9)
        // One frame to begin with, and then none.
        setTimeout(() => track.requestFrame(), 100)
        opened.push(track)
        return stream
      }
      const hints: (string | undefined)[] = []
      const flow = unspoof.createLivenessFlow({
        camera: { frameTimeoutMs: 2_000 },
        liveness: { timeoutMs: 60_000 },
        sequence: { maxDurationMs: 60_000 },
      })
      flow.attach(document.querySelector('video'))
      flow.subscribe(() => hints.push(flow.getSnapshot().hint))
      await flow.start()
      return {
        code: flow.getSnapshot().error?.code,
        told: hints.includes('restarting'),
        opened: opened.map((track) => track.readyState),
      }
    })
    expect(answer).toEqual({ code: 'CAMERA_STALLED', told: true, opened: ['ended', 'ended'] })
    await context.close()
  })

  it('tries a camera that is busy once more, and one that knows no sizes without them', async () => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      const asked: unknown[] = []
      const firstFailsWith = async (name: string) => {
        asked.length = 0
        navigator.mediaDevices.getUserMedia = async (constraints) => {
          asked.push(constraints?.video)
          if (asked.length === 1) throw new DOMException('no', name)
          return original(constraints)
        }
        const camera = unspoof.createCamera()
        const stream = await camera.start()
        const opened = stream.active
        camera.stop()
        return { opened, asked: asked.length, any: asked[1] === true }
      }
      return [
        await firstFailsWith('NotReadableError'),
        await firstFailsWith('AbortError'),
        await firstFailsWith('OverconstrainedError'),
      ]
    })
    expect(answer).toEqual([
      { opened: true, asked: 2, any: false },
      { opened: true, asked: 2, any: false },
      { opened: true, asked: 2, any: true },
    ])
    await context.close()
  })

  it('tells a page inside another one that the outer page must allow the camera', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    // Another origin, so that the camera is not allowed by itself.
    await page.goto(`${site.url.replace('localhost', '127.0.0.1')}around`)
    const [, frame] = page.frames()
    await frame!.waitForFunction('globalThis.ready')
    const code = await frame!.evaluate(async () => {
      return unspoof
        .createCamera()
        .start()
        .then(
          () => 'opened',
          (error) => error.code,
        )
    })
    expect(code).toBe('CAMERA_POLICY')
    await context.close()
  })

  it('runs its worker under trusted types where the page allows the policy, and says so where it does not', async () => {
    const trusted = async (policies: string) => {
      const strict = await startSite(
        {},
        {
          headers: {
            'content-security-policy': `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'; trusted-types ${policies}`,
          },
        },
      )
      const { page, context } = await strict.open(browser)
      const answer = await page.evaluate(async () => {
        const liveness = await unspoof.createLiveness().catch((error) => error)
        if (unspoof.isLivenessError(liveness)) return `${liveness.code} ${liveness.hint}`
        await (liveness as { close(): Promise<void> }).close()
        return 'loaded'
      })
      await context.close()
      await strict.close()
      return answer
    }
    expect(await trusted('unspoof')).toBe('loaded')
    expect(await trusted("'none'")).toMatch(/^WORKER_LOST .*policy named unspoof/)
  })
})
