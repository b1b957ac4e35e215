/** A worker that speaks the pool's protocol and does what its jobs say: the faults of the tests are real ones. */
import { parentPort, workerData } from 'node:worker_threads'

const abandoned = new Set()
if (workerData?.starts) Atomics.add(workerData.starts, 0, 1)
if (workerData?.fail) {
  parentPort.postMessage({
    type: 'failed',
    error: { code: 'MODEL_MISSING', message: 'No model.', hint: 'Install it.' },
  })
  parentPort.close()
} else {
  parentPort.on('message', async (message) => {
    if (message.type === 'stop') return parentPort.close()
    if (message.type === 'abandon') return abandoned.add(message.id)
    const { id, job } = message
    if (job.die === 'exit') process.exit(1)
    if (job.die === 'throw')
      setImmediate(() => {
        throw new Error('planted')
      })
    if (job.die) return
    if (job.behind) Atomics.wait(job.behind, 0, 0)
    if (job.waitMs) await new Promise((resolve) => setTimeout(resolve, job.waitMs))
    if (job.fail) {
      parentPort.postMessage({ type: 'error', id, error: { code: 'IMAGE_CORRUPT', message: 'Bad.', hint: 'Again.' } })
    } else {
      parentPort.postMessage({
        type: 'answer',
        id,
        answer: { echo: job.say, abandoned: [...abandoned], bytes: job.bytes?.byteLength },
      })
    }
  })
  parentPort.postMessage({ type: 'ready', info: { hello: workerData?.name } })
}
