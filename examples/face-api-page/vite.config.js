import { unspoof } from '@unspoof/web/vite'
import { defineConfig } from 'vite'

export default defineConfig({ plugins: [unspoof()] })
