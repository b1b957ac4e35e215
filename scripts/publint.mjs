// @ts-check
/** Runs publint, every rule, on the tarball of each published package, or of the folders given. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { pack, publishedPackages } from './packages.mjs'

const packages = await publishedPackages(process.argv.slice(2))
const temporary = await mkdtemp(join(tmpdir(), 'publint-'))
try {
  for (const { folder, manifest } of packages) {
    const bytes = await readFile(await pack(folder, temporary))
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    const { messages } = await publint({ pack: { tarball }, strict: true })
    for (const message of messages) console.error(`${manifest.name}: ${formatMessage(message, manifest)}`)
    if (messages.length > 0) process.exitCode = 1
  }
} finally {
  await rm(temporary, { recursive: true })
}
console.log(`publint: looked at ${packages.length} packages.`)
