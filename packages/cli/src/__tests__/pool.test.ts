import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { WorkerTask } from '../evaluate/messages.ts'
import { judgeAll } from '../evaluate/pool.ts'
import type { PictureScores } from '../evaluate/scores.ts'
import { DEFAULT_ID, FACE, temporaryFolder } from './run.ts'

const setup = {
  kind: 'setup',
  models: { m: [DEFAULT_ID] },
  modelFolders: [],
  detector: null,
  boxes: 'detector',
  crops: 1,
  skinTone: false,
} as const

function task(name: string, file: string): WorkerTask {
  return { kind: 'task', name, file, perturbation: '', box: null, boxBeside: false, profile: false }
}

// Windows has no named pipes of this kind.
it.skipIf(process.platform === 'win32')(
  'costs one picture when a worker hangs on it: killed, replaced, the others judged',
  async () => {
    // Reading a pipe that nobody writes to never ends.
    const pipe = path.join(await temporaryFolder(), 'pipe.jpg')
    execFileSync('mkfifo', [pipe])
    const rows: PictureScores[] = []
    const tasks = [task('a', FACE), task('stuck', pipe), task('b', FACE), task('c', FACE)]
    await judgeAll(tasks, { setup, workers: 1, timeoutMs: 8000, onRow: (row) => rows.push(row) })
    expect(rows.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'stuck'])
    expect(rows.find(({ name }) => name === 'stuck')!.error).toMatchObject({ code: 'CHECK_TIMEOUT' })
    for (const name of ['a', 'b', 'c'])
      expect(rows.find((row) => row.name === name)!.models.m!.score).toBeGreaterThan(0.5)
  },
)

it('fails as a whole where the models cannot be loaded', async () => {
  const wrong = { ...setup, models: { m: ['silent-face-v2-80-opset11'] } }
  await expect(judgeAll([task('a', FACE)], { setup: wrong, workers: 1, onRow: () => {} })).rejects.toThrow(
    expect.objectContaining({ code: 'MODEL_MISSING' }),
  )
})
