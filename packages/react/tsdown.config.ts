import { library } from '../../tsdown.base.ts'
import { styles } from '../web/build-plugins.ts'

export default [
  {
    ...library({ entry: ['src/index.ts', 'src/strings/index.ts', 'src/testing.ts'], cjs: false, platform: 'neutral' }),
    plugins: [styles()],
  },
]
