import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export default {
  serverExternalPackages: ['@unspoof/http', '@unspoof/node', '@unspoof/models', 'onnxruntime-node', 'sharp'],
  // The packages are installed one folder up.
  turbopack: { root: dirname(dirname(fileURLToPath(import.meta.url))) },
}
