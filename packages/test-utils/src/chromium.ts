/** A real Chromium for tests, as Debian ships it. A fresh profile each time, no network of its own, closed by the test that opened it. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** False where there is no Chromium: tests say so with `describe.skipIf(!hasChromium)`. */
export const hasChromium = existsSync(EXECUTABLE)
if (!hasChromium)
  console.warn(`No Chromium at ${EXECUTABLE}: browser tests are skipped. Set CHROMIUM_PATH or install it.`)

export interface LaunchOptions {
  /** A .y4m or .mjpeg file that stands in for the camera; the permission prompt is answered with yes. */
  readonly camera?: string
  readonly args?: readonly string[]
}

export function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  const camera =
    options.camera === undefined
      ? []
      : [
          '--use-fake-device-for-media-stream',
          `--use-file-for-fake-video-capture=${options.camera}`,
          '--use-fake-ui-for-media-stream',
        ]
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...camera,
      ...(options.args ?? []),
    ],
  })
}
