/** The worker of the liveness pool: decodes and judges, one picture at a time. Built as an entry of its own. */
import { workerData } from 'node:worker_threads'
import { createFrame, createLiveness, type DecodedImage, type Frame, isFrame } from '@unspoof/core'
import { pointsOf } from '../calibration.ts'
import { installAreaKernel } from '../image/area-kernel.ts'
import { checkFrameSize, decodeChecked } from '../image/decode.ts'
import { loadSharp } from '../image/sharp.ts'
import { wholeSize } from '../image/shrink.ts'
import { loadModels } from '../model/load.ts'
import { useExitGate } from '../runtime/exit-gate.ts'
import {
  fromPortable,
  type PortableInput,
  type WorkerAnswer,
  type WorkerInfo,
  type WorkerJob,
  type WorkerSetup,
} from './protocol.ts'
import { serveWorker } from './serve.ts'

void serveWorker<WorkerJob, WorkerAnswer>(async () => {
  const setup = workerData as WorkerSetup
  const { limits, runtime, threads, check, calibration } = setup
  useExitGate(setup.exitGate)
  await loadSharp()
  installAreaKernel()
  const { diagnostics, ...loaded } = await loadModels({
    runtime,
    threads,
    models: setup.models.map((member) => ({ ...member, model: fromPortable(member.model) })),
    detectors: setup.detectors.map(fromPortable),
  })
  const operatingPoints = pointsOf(loaded.models, calibration)
  let decoded: DecodedImage | undefined
  /** Of the job under way: its faces are in pixels of the whole size. */
  let isExact = false
  const liveness = createLiveness<PortableInput>({
    ...loaded,
    ...check,
    operatingPoints,
    async decode(input, signal) {
      decoded = isFrame(input)
        ? checkFrameSize(input, limits)
        : await decodeChecked(input.bytes, isExact ? wholeSize(input.header) : input.header, limits, signal)
      return decoded
    },
  })
  const info: WorkerInfo = {
    diagnostics,
    models: liveness.models,
    operatingPoints,
  }
  return {
    info,
    async run(job, signal) {
      const options = { ...job.options, signal }
      isExact = job.kind === 'checkFaces'
      try {
        if (job.kind === 'checkFaces') {
          return { results: await liveness.checkFaces(job.input, job.faces, options), sample: undefined }
        }
        const result = await liveness.check(job.input, options)
        return { results: [result], sample: job.sample ? sampleOf(decoded?.frame) : undefined }
      } finally {
        decoded = undefined
      }
    },
    close: () => liveness.close(),
  }
})

const SAMPLES = 4096

/** Every n-th pixel, as a frame of one row: equal for equal pictures, and small enough to send. */
function sampleOf(frame: Frame | undefined): Frame | undefined {
  if (frame === undefined) return undefined
  const { data, width, height, channels } = frame
  const pixels = width * height
  const step = Math.max(1, Math.floor(pixels / SAMPLES))
  const count = Math.ceil(pixels / step)
  const sample = new Uint8Array(count * 3)
  for (let i = 0; i < count; i++) {
    const at = i * step * channels
    sample.set(data.subarray(at, at + 3), i * 3)
  }
  return createFrame({ data: sample, width: count, height: 1, channels: 3 })
}
