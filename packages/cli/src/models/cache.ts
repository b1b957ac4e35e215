/** Where pulled models lie: a folder a model, which is a card folder itself. */
import { homedir } from 'node:os'
import path from 'node:path'
import type { ModelCard } from '@unspoof/core'

/** UNSPOOF_CACHE_DIR, or the platform's place for caches. */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const set = (value: string | undefined) => value !== undefined && value !== ''
  if (set(env.UNSPOOF_CACHE_DIR)) return path.resolve(env.UNSPOOF_CACHE_DIR!)
  if (platform === 'win32')
    return path.join(env.LOCALAPPDATA ?? path.join(homedir(), 'AppData', 'Local'), 'unspoof', 'cache')
  if (platform === 'darwin') return path.join(homedir(), 'Library', 'Caches', 'unspoof')
  // The XDG specification wants relative values ignored.
  const base =
    set(env.XDG_CACHE_HOME) && path.isAbsolute(env.XDG_CACHE_HOME!)
      ? env.XDG_CACHE_HOME!
      : path.join(homedir(), '.cache')
  return path.join(base, 'unspoof')
}

/** Versions lie side by side, so that a new card never finds old weights. */
export function cachedModelFolder(card: Pick<ModelCard, 'id' | 'version'>): string {
  return path.join(cacheFolder(), 'models', `${card.id}-${card.version}`)
}
