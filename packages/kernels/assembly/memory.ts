/** Which memory a value lives in: as little as possible, so that a network stays in the processor's cache. */
import { allocate } from './onnx'
import { Step } from './steps'
import { Storage, Value } from './value'

/** Memory of its own, for ever. */
export function reserve(storage: Storage): void {
  if (storage.data == 0) storage.data = allocate(storage.size)
}

/** Memory for all that steps make. What nobody reads any more leaves its place to the next. */
export function assign(steps: Step[], outputs: Value[]): void {
  for (let i = 0; i < steps.length; i++) {
    const inputs = steps[i].inputs
    for (let k = 0; k < inputs.length; k++) inputs[k].storage.lastUse = i
  }
  for (let i = 0; i < outputs.length; i++) outputs[i].storage.lastUse = i32.MAX_VALUE

  const free: Block[] = []
  const used: Block[] = []
  for (let i = 0; i < steps.length; i++) {
    const storage = steps[i].output.storage
    const block = take(free, storage.size)
    block.storage = storage
    storage.data = block.data
    used.push(block)
    for (let k = used.length - 1; k >= 0; k--) {
      if (used[k].storage.lastUse <= i) free.push(used.splice(k, 1)[0])
    }
  }
}

class Block {
  constructor(
    public data: usize,
    public size: i32,
    public storage: Storage,
  ) {}
}

/** The smallest free block that is large enough, or a new one. */
function take(free: Block[], size: i32): Block {
  let best = -1
  for (let i = 0; i < free.length; i++) {
    if (free[i].size >= size && (best < 0 || free[i].size < free[best].size)) best = i
  }
  if (best >= 0) return free.splice(best, 1)[0]
  return new Block(allocate(size), size, new Storage(0))
}
