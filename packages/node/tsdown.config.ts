import { library } from '../../tsdown.base.ts'

export default library({
  entry: ['src/index.ts', 'src/pool/worker.ts', 'src/observe/index.ts'],
  cjs: true,
})
