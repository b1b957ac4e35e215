/** `npm run docs:dev`: makes the site again whenever a page or a doc comment changes. Reload docs/site/index.html to see it. */
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { join, resolve } from 'node:path'
import { docs, root } from './paths.js'

/** What the build writes, and what has nothing to do with it. */
const IGNORED = /(^|\/)(site|\.staged|node_modules|dist|__tests__)(\/|$)/

let building = false
let again = false

function build() {
  if (building) {
    again = true
    return
  }
  building = true
  again = false
  // A process of its own, so that changed tools are read again too.
  spawn(process.execPath, [join(docs, 'tools/build.js')], { stdio: 'inherit' }).once('exit', () => {
    building = false
    if (again) build()
  })
}

for (const folder of ['docs', 'packages', 'models/src']) {
  watch(resolve(root, folder), { recursive: true }, (_, file) => {
    if (file !== null && !IGNORED.test(file) && /\.(md|js|ts|tsx|css|svg|json)$/.test(file)) build()
  })
}
build()
