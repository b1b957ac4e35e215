/** That this project really tests Nest 11, by the very paths our adapter takes. */
import { readFileSync } from 'node:fs'
import * as common from '@nestjs/common'
import { expect, test } from 'vitest'

test('the adapter and its tests get Nest 11', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('node_modules/@nestjs/common/package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  expect(version).toMatch(/^11\./)
  // The classes are compared, not the text: what our guard throws is what this version's filters catch.
  const own = (await import(new URL('node_modules/@nestjs/common/index.js', import.meta.url).href)) as typeof common
  expect(common.HttpException).toBe(own.HttpException)
  const { LivenessException } = await import('@unspoof/nestjs')
  expect(Object.getPrototypeOf(LivenessException)).toBe(own.HttpException)
})
