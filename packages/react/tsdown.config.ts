import { library } from '../../tsdown.base.ts'

export default [
  library({ entry: ['src/index.ts'], cjs: false, platform: 'neutral' }),
  {
    ...library({ entry: ['src/strings/index.ts'], cjs: false, platform: 'neutral' }),
    clean: false,
    outDir: 'dist/strings',
  },
]
