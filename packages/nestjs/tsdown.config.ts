import { library } from '../../tsdown.base.ts'

export default library({ entry: ['src/index.ts', 'src/terminus.ts'], cjs: true })
