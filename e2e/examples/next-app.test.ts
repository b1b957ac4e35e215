import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { makeClip } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const APP = fileURLToPath(new URL('../../examples/next-app/', import.meta.url))

describe.skipIf(!hasChromium)('the Next app', { timeout: 180_000 }, () => {
  let browser: Browser
  let server: ChildProcess
  let url: string

  beforeAll(async () => {
    expect(existsSync(`${APP}.next/BUILD_ID`), 'built by npm run build').toBe(true)
    browser = await launchChromium({ camera: await makeClip() })
    const next = createRequire(APP).resolve('next/dist/bin/next')
    server = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', '0'], {
      cwd: APP,
      // A clip cannot follow a challenge; holding still is judged all the same.
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', LIVENESS_CHALLENGES: '' },
    })
    url = await addressOf(server)
  })
  afterAll(async () => {
    await browser?.close()
    server?.kill()
  })

  it('renders on the server, hydrates without an error, and shows the verdict of its own route', async () => {
    expect(await (await fetch(url)).text()).toContain('class="unspoof"')
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on(
      'console',
      (message) =>
        message.type() === 'error' && !/status of 4\d\d/.test(message.text()) && problems.push(message.text()),
    )
    await page.goto(url)
    const submitted = page.waitForResponse((response) => response.url().endsWith('/frames'), { timeout: 120_000 })
    await page.click('.unspoof-button')
    const answer = await (await submitted).json()
    await page.waitForSelector('.unspoof[data-status="done"]')
    expect(await page.getAttribute('.unspoof', 'data-verdict')).toBe(answer.verdict)
    expect(['live', 'spoof', 'retry']).toContain(answer.verdict)
    expect(problems).toEqual([])
    await page.close()
  })
})

/** Next says on its output where it listens. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(output)
      if (found !== null && found[1] !== '0') resolve(`http://localhost:${found[1]}/`)
    }
    server.stdout?.on('data', read)
    server.stderr?.on('data', read)
    server.once('exit', (code) => reject(new Error(`next start ended with ${code}: ${output}`)))
  })
}
