/** Watches the folders that the site is made from. */
import { readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

/** What the build writes, and what has nothing to do with the site. */
const IGNORED = /^(\.|(site|node_modules|dist|coverage|__tests__|__pycache__)$)/
/** Pages, tools, code, tables, and names without a dot, which are folders. */
const SOURCE = /^[^.]+$|\.(md|js|ts|tsx|css|svg|json)$/

/**
 * Calls `changed` for every change of a page, a tool or a doc comment. Each folder is watched by itself: Node's own recursive watching throws on Linux where a
 * folder is removed while it is read, as the build does with its own.
 * @param {{ readonly shallow: readonly string[], readonly deep: readonly string[] }} folders watched without and with what is below
 * @param {() => void} changed
 * @returns {{ refresh(): void, close(): void }} `refresh` looks which folders there are now
 */
export function watchSources(folders, changed) {
  /** @type {import('node:fs').FSWatcher[]} */
  let watchers = []

  /** @param {string} folder */
  function add(folder) {
    watchers.push(
      watch(folder, (_, file) => {
        if (file !== null && SOURCE.test(file) && !IGNORED.test(file)) changed()
      }),
    )
  }

  /** @param {string} folder */
  function addDeep(folder) {
    add(folder)
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !IGNORED.test(entry.name)) addDeep(join(folder, entry.name))
    }
  }

  function close() {
    for (const watcher of watchers) watcher.close()
    watchers = []
  }

  function refresh() {
    close()
    for (const folder of folders.shallow) add(folder)
    for (const folder of folders.deep) addDeep(folder)
  }

  refresh()
  return { refresh, close }
}
