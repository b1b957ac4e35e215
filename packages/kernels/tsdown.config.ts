import { library } from '../../tsdown.base.ts'

export default library({ entry: ['src/index.ts', 'src/node.ts'], cjs: true, platform: 'node' })
