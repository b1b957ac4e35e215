/** The version of this package, which page, worker and asset folder must share. */
import packageJson from '../package.json' with { type: 'json' }

export const VERSION: string = packageJson.version
