// @ts-check
/** Writes the tarball of each published package to tarballs/, for projects that install it before a release. Build first. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pack, publishedPackages, ROOT } from './packages.mjs'

const target = join(ROOT, 'tarballs')
await rm(target, { recursive: true, force: true })
await mkdir(target)
for (const { folder } of await publishedPackages()) await pack(folder, target)
console.log(`tarballs: ${(await readdir(target)).length} files in ${target}`)
