import { library } from '../../tsdown.base.ts'

export default library({
  entry: ['src/index.ts', 'src/testing.ts', 'src/protocol/index.ts'],
  cjs: true,
  platform: 'neutral',
})
