/** A worker process: takes paths from the queue and judges the pictures with a pool. Start as many as you have machines. */
import { createLivenessPool, isLivenessError, POOL_DEFAULTS, toClientResult } from '@unspoof/node'
import { UnrecoverableError, Worker } from 'bullmq'
import { connection, QUEUE } from './queue.js'

const workers = Number(process.env.WORKERS ?? POOL_DEFAULTS.workers)
const pool = await createLivenessPool({ workers })

const worker = new Worker(QUEUE, judge, {
  connection: connection(),
  // One more than there are threads: the next picture is read while the others are judged.
  concurrency: workers + 1,
})
worker.on('error', (error) => console.error(`queue: ${error.message}`))
await worker.waitUntilReady()
console.log('ready')

/** @returns verdict, code, reasons and hint */
async function judge({ data }) {
  try {
    return toClientResult(await pool.check(data.path))
  } catch (error) {
    if (!isLivenessError(error)) throw error
    // The code is the message, which is all that the queue keeps: a broken picture stays broken, a full pool does not stay full.
    throw error.retryable ? new Error(error.code) : new UnrecoverableError(error.code)
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    // Finishes what it has; the rest stays in the queue for others.
    await worker.close()
    await pool.close()
  })
}
