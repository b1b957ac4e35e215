import { library } from '../../tsdown.base.ts'

export default library({ entry: ['src/index.ts', 'src/bin.ts', 'src/evaluate/worker.ts'], cjs: false })
