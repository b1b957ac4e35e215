/** The producer: puts the pictures of a folder into the queue and prints what became of each. */
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Queue, QueueEvents } from 'bullmq'
import { connection, JOB_OPTIONS, QUEUE } from './queue.js'

/**
 * Enqueues pictures and waits for all of them.
 * @param {readonly string[]} paths absolute, and the same on every worker
 * @returns {Promise<{ path: string, verdict?: string, reasons?: string[], error?: string }[]>} in the order of `paths`; `error` is a code
 */
export async function judgeAll(paths) {
  const queue = new Queue(QUEUE, { connection: connection() })
  const events = new QueueEvents(QUEUE, { connection: connection() })
  // Listens before anything is queued, so that no answer is missed.
  const outcomes = new Map()
  let allDone = () => {}
  const settle = (jobId, outcome) => {
    outcomes.set(jobId, outcome)
    allDone()
  }
  events.on('completed', ({ jobId, returnvalue: { verdict, reasons } }) => settle(jobId, { verdict, reasons }))
  events.on('failed', ({ jobId, failedReason }) => settle(jobId, { error: failedReason }))
  try {
    await events.waitUntilReady()
    const jobs = await queue.addBulk(paths.map((path) => ({ name: 'check', data: { path }, opts: JOB_OPTIONS })))
    await new Promise((resolve) => {
      allDone = () => {
        if (outcomes.size >= jobs.length && jobs.every(({ id }) => outcomes.has(id))) resolve()
      }
      allDone()
    })
    return jobs.map(({ id, data }) => ({ path: data.path, ...outcomes.get(id) }))
  } finally {
    await events.close()
    await queue.close()
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = resolve(process.argv[2] ?? '.')
  const files = await readdir(folder).catch(() => [])
  const names = files.filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).sort()
  if (names.length === 0) {
    console.error(`No pictures in ${folder}. Usage: node examples/bulk/src/produce.js path/to/pictures`)
    process.exitCode = 2
  } else {
    for (const result of await judgeAll(names.map((name) => resolve(folder, name)))) console.log(JSON.stringify(result))
  }
}
