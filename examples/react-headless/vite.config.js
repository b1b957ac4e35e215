import { unspoof } from '@unspoof/web/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [unspoof()],
  // In this repository another workspace has another React; an application has one anyway.
  resolve: { dedupe: ['react', 'react-dom'] },
})
