import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ASTRONAUT } from '@unspoof/test-utils/camera-clip'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { startStaticServer } from '@unspoof/test-utils/static-server'
import { rolldown } from 'rolldown'
import { expect, it } from 'vitest'

async function bundle(): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL('../src/shrink.ts', import.meta.url)),
    platform: 'browser',
    resolve: { conditionNames: ['@unspoof/source', 'import', 'module', 'browser', 'default'] },
  })
  const { output } = await build.generate({ format: 'esm' })
  await build.close()
  return output[0].code
}

it.skipIf(!hasChromium)(
  'shrinkForUpload makes large photos small and leaves small ones alone',
  { timeout: 90_000 },
  async () => {
    const site = await startStaticServer({
      files: {
        '/': '<!doctype html><title>test</title><script type="module" src="/page.js"></script>',
        '/shrink.js': await bundle(),
        '/page.js': "import * as shrink from '/shrink.js'\nglobalThis.shrink = shrink",
        '/small.jpg': await readFile(ASTRONAUT),
      },
    })
    const browser = await launchChromium()
    const page = await browser.newPage()
    await page.goto(site.url)
    await page.waitForFunction('globalThis.shrink')
    const answer = await page.evaluate(async () => {
      const { shrinkForUpload } = (globalThis as unknown as { shrink: typeof import('../src/shrink.ts') }).shrink
      const small = await (await fetch('/small.jpg')).blob()
      const canvas = new OffscreenCanvas(4000, 3000)
      canvas.getContext('2d')!.fillRect(0, 0, 10, 10)
      const large = await canvas.convertToBlob({ type: 'image/png' })
      const shrunk = await shrinkForUpload(large)
      const { width, height } = await createImageBitmap(shrunk)
      return {
        same: (await shrinkForUpload(small)) === small,
        type: shrunk.type,
        pixels: width * height,
        shape: width / height,
        nothing: await shrinkForUpload(new Blob(['ftypheic'])).catch((error) => `${error.code} ${error.hint}`),
        option: await shrinkForUpload(small, { maxPixels: 1 }).catch((error) => error.code),
      }
    })
    expect(answer).toMatchObject({ same: true, type: 'image/jpeg', option: 'OPTION_INVALID' })
    expect(answer.pixels).toBeLessThanOrEqual(8_000_000)
    expect(answer.pixels).toBeGreaterThan(7_900_000)
    expect(answer.shape).toBeCloseTo(4 / 3, 2)
    expect(answer.nothing).toMatch(/^IMAGE_TYPE .*Most Compatible/)
    await browser.close()
    await site.close()
  },
)
