import { fileURLToPath } from 'node:url'

export default {
  // Native libraries and model files stay where npm put them.
  serverExternalPackages: ['@unspoof/http', '@unspoof/node', '@unspoof/models', 'onnxruntime-node', 'sharp'],
  // This app lies inside a larger repository; an application of its own needs no such line.
  turbopack: { root: fileURLToPath(new URL('../..', import.meta.url)) },
}
