import { unspoof } from '@unspoof/web/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  // Puts worker, wasm and models into /unspoof/, for the development server and the build.
  plugins: [unspoof()],
  server: { proxy: { '/liveness': 'http://localhost:3000', '/api': 'http://localhost:3000' } },
})
