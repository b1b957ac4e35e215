import { unspoof } from '@unspoof/web/vite'
import react from '@vitejs/plugin-react'

export default { plugins: [react(), unspoof()], logLevel: 'warn' }
