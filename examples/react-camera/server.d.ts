import type { Server } from 'node:http'
import type { SessionsOptions } from '@unspoof/session'

export function createApp(
  options?: Partial<SessionsOptions>,
): Promise<{ app: { listen(port: number, host: string, listening: () => void): Server }; close(): Promise<void> }>
