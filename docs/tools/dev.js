/** `npm run docs:dev`: makes the site again whenever a page or a doc comment changes. Reload docs/site/index.html to see it. */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { docs, root } from './paths.js'
import { watchSources } from './watch.js'

let building = false
let again = false

function build() {
  if (building) {
    again = true
    return
  }
  building = true
  again = false
  sources.refresh()
  // A process of its own, so that changed tools are read again too. A build that fails has said why: the next change starts another.
  spawn(process.execPath, [join(docs, 'tools/build.js')], { stdio: 'inherit' }).once('exit', () => {
    building = false
    if (again) build()
    else console.log('Waiting for changes. Ctrl+C ends.')
  })
}

const sources = watchSources(
  { shallow: [root], deep: ['docs', 'packages', 'models'].map((folder) => resolve(root, folder)) },
  build,
)
build()
