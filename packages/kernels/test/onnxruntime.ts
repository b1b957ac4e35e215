/** onnxruntime-node, which the kernels are compared with. @unspoof/node has its own; it depends on this package. */
import type { Runtime, Tensor } from '@unspoof/core'

/** Without telemetry; the library reads this when the first session is made. */
process.env.ORT_DISABLE_TELEMETRY = '1'

export async function createOnnxruntime(): Promise<Runtime> {
  const { InferenceSession, Tensor } = (await import('onnxruntime-node')).default
  return {
    name: 'onnxruntime-node',
    async load(bytes) {
      const session = await InferenceSession.create(bytes, { logSeverityLevel: 3, intraOpNumThreads: 1 })
      const toInfo = (value: (typeof session.inputMetadata)[number]) => ({
        name: value.name,
        dims: value.isTensor ? value.shape.map((size) => (typeof size === 'number' ? size : null)) : [],
        type: 'float32',
      })
      return {
        inputs: session.inputMetadata.map(toInfo),
        outputs: session.outputMetadata.map(toInfo),
        async run(feeds) {
          const inputs = Object.entries(feeds).map(([name, { data, dims }]) => [
            name,
            new Tensor('float32', data, dims),
          ])
          const results = await session.run(Object.fromEntries(inputs))
          return results as unknown as Record<string, Tensor>
        },
        close: () => session.release(),
      }
    },
  }
}
