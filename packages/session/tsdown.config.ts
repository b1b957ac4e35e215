import { library } from '../../tsdown.base.ts'

export default library({
  entry: ['src/index.ts', 'src/redis.ts', 'src/testing.ts'],
  cjs: true,
})
