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
  try {
    await events.waitUntilReady()
    const jobs = await queue.addBulk(paths.map((path) => ({ name: 'check', data: { path }, opts: JOB_OPTIONS })))
    return await Promise.all(
      jobs.map(async (job, i) => {
        try {
          const { verdict, reasons } = await job.waitUntilFinished(events)
          return { path: paths[i], verdict, reasons }
        } catch (error) {
          return { path: paths[i], error: error.message }
        }
      }),
    )
  } finally {
    await events.close()
    await queue.close()
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = resolve(process.argv[2] ?? '.')
  const names = (await readdir(folder)).filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).sort()
  for (const result of await judgeAll(names.map((name) => resolve(folder, name)))) console.log(JSON.stringify(result))
}
