/** The process that judges pictures for `unspoof evaluate`; killed or crashed, it costs one picture. */
import { toLivenessError } from '@unspoof/core'
import { createJudge, type Judge } from './judge.ts'
import type { FromWorker, ToWorker } from './messages.ts'

let judge: Promise<Judge> | undefined
/** One after the other, so that timings are of one picture. */
let work: Promise<void> = Promise.resolve()

function tell(message: FromWorker): void {
  process.send?.(message)
}

process.on('message', (message: ToWorker) => {
  work = work.then(async () => {
    if (message.kind === 'setup') {
      try {
        judge = Promise.resolve(await createJudge(message))
        tell({ kind: 'ready' })
      } catch (error) {
        const { code, message: text, hint } = toLivenessError(error, 'MODEL_LOAD', 'The models cannot be loaded.')
        tell({ kind: 'failed', code, message: text, hint })
      }
      return
    }
    const row = await (await judge!).judge(message)
    tell({ kind: 'done', row })
  })
})
process.on('disconnect', () => {
  void work.then(async () => (await judge)?.close())
})
