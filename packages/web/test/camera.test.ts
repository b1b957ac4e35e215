import { makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from './harness.ts'

describe.skipIf(!hasChromium)('the camera in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launchChromium({ camera: await makeClip() })
    site = await startSite()
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  it('opens, tells what the browser says of the track, and releases', async () => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const camera = unspoof.createCamera({ width: 640, height: 480 })
      const seen: string[] = []
      camera.subscribe(() => {
        const { status } = camera.getSnapshot()
        if (status !== seen.at(-1)) seen.push(status)
      })
      const stream = await camera.start()
      const again = await camera.start()
      const { track, mirrored, devices } = camera.getSnapshot()
      const [video] = stream.getVideoTracks()
      camera.stop()
      camera.stop()
      return {
        seen,
        same: stream === again,
        track,
        mirrored,
        devices: devices.length,
        ended: video!.readyState,
        status: camera.getSnapshot().status,
      }
    })
    expect(answer).toMatchObject({
      same: true,
      mirrored: true,
      ended: 'ended',
      status: 'idle',
      track: { width: 640, height: 480 },
    })
    expect(answer.devices).toBeGreaterThan(0)
    expect(answer.seen).toEqual(['starting', 'running', 'idle'])
    await context.close()
  })

  it('closes a stream that arrives after stop(), as when a component goes while the prompt is open', async () => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const tracks: MediaStreamTrack[] = []
      const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        await new Promise((resolve) => setTimeout(resolve, 300)) // the person reads the prompt
        const stream = await original(constraints)
        tracks.push(...stream.getTracks())
        return stream
      }
      const camera = unspoof.createCamera()
      const starting = camera.start().then(
        () => 'started',
        (error) => error.code,
      )
      await new Promise((resolve) => setTimeout(resolve, 50))
      camera.stop()
      const first = await starting
      // Stopped and started again while the first prompt is still open: one stream remains.
      const early = camera.start().catch((error) => error.code)
      camera.stop()
      const stream = await camera.start()
      const live = [await early, tracks.filter((track) => track.readyState === 'live').length, stream.active]
      camera.stop()
      return { first, live, after: tracks.filter((track) => track.readyState === 'live').length, tracks: tracks.length }
    })
    expect(answer).toEqual({ first: 'ABORTED', live: ['ABORTED', 1, true], after: 0, tracks: 3 })
    await context.close()
  })

  it('releases while the page is hidden, and opens again when it is shown', async () => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      let visibility = 'visible'
      Object.defineProperty(document, 'visibilityState', { get: () => visibility })
      const show = (value: string): void => {
        visibility = value
        document.dispatchEvent(new Event('visibilitychange'))
      }
      const camera = unspoof.createCamera()
      const stream = await camera.start()
      show('hidden')
      const hidden = [camera.getSnapshot().status, stream.getVideoTracks()[0]!.readyState]
      show('visible')
      await new Promise<void>((resolve) =>
        camera.subscribe(() => camera.getSnapshot().status === 'running' && resolve()),
      )
      const shown = camera.getSnapshot().stream!.active
      camera.stop()
      show('hidden')
      show('visible')
      return { hidden, shown, stopped: camera.getSnapshot().status }
    })
    expect(answer).toEqual({ hidden: ['paused', 'ended'], shown: true, stopped: 'idle' })
    await context.close()
  })

  it('turns every failure into a typed state', async () => {
    const { page, context } = await site.open(browser)
    const answer = await page.evaluate(async () => {
      const codes: Record<string, string> = {}
      const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      for (const name of [
        'NotAllowedError',
        'NotFoundError',
        'OverconstrainedError',
        'NotReadableError',
        'AbortError',
        'SecurityError',
        'TypeError',
      ]) {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name))
        const camera = unspoof.createCamera()
        const thrown = await camera.start().catch((error) => error.code)
        const { status, error } = camera.getSnapshot()
        codes[name] = `${thrown} ${status} ${error?.code === thrown} ${(error?.hint.length ?? 0) > 10}`
      }
      navigator.mediaDevices.getUserMedia = original
      const missing = unspoof.createCamera({ deviceId: 'no-such-device' })
      codes.device = await missing.start().catch((error) => error.code)
      const camera = unspoof.createCamera()
      const stream = await camera.start()
      stream.getVideoTracks()[0]!.dispatchEvent(new Event('ended')) // unplugged, or the permission withdrawn
      codes.ended = camera.getSnapshot().error?.code ?? ''
      codes.released = stream.getVideoTracks()[0]!.readyState
      Object.defineProperty(navigator, 'mediaDevices', { value: undefined })
      codes.unsupported = await unspoof
        .createCamera()
        .start()
        .catch((error) => error.code)
      Object.defineProperty(window, 'isSecureContext', { value: false })
      codes.insecure = await unspoof
        .createCamera()
        .start()
        .catch((error) => error.code)
      return codes
    })
    expect(answer).toEqual({
      NotAllowedError: 'CAMERA_DENIED failed true true',
      NotFoundError: 'CAMERA_NOT_FOUND failed true true',
      OverconstrainedError: 'CAMERA_NOT_FOUND failed true true',
      NotReadableError: 'CAMERA_IN_USE failed true true',
      AbortError: 'CAMERA_IN_USE failed true true',
      SecurityError: 'CAMERA_DENIED failed true true',
      TypeError: 'CAMERA_UNSUPPORTED failed true true',
      device: 'CAMERA_NOT_FOUND',
      ended: 'CAMERA_ENDED',
      released: 'ended',
      unsupported: 'CAMERA_UNSUPPORTED',
      insecure: 'CAMERA_INSECURE',
    })
    await context.close()
  })

  it('switches and remembers the camera a person chose', async () => {
    const two = await launchChromium({
      args: ['--use-fake-device-for-media-stream=device-count=2', '--use-fake-ui-for-media-stream'],
    })
    const { page, context } = await site.open(two)
    const first = await page.evaluate(async () => {
      const camera = unspoof.createCamera()
      const stream = await camera.start()
      const { devices, deviceId } = camera.getSnapshot()
      const other = devices.find((device) => device.deviceId !== deviceId)!
      await camera.switchCamera(other.deviceId)
      const now = camera.getSnapshot().deviceId
      camera.stop()
      return { devices: devices.length, switched: now === other.deviceId, old: stream.active, other: other.deviceId }
    })
    expect(first).toMatchObject({ devices: 2, switched: true, old: false })
    await page.reload()
    await page.waitForFunction('globalThis.ready')
    const second = await page.evaluate(async () => {
      const camera = unspoof.createCamera()
      await camera.start()
      const { deviceId } = camera.getSnapshot()
      camera.stop()
      return deviceId
    })
    expect(second).toBe(first.other)
    await context.close()
    await two.close()
  })
})
