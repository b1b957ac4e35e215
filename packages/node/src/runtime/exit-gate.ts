/**
 * Lets native code in worker threads finish before the process exits. Node ends threads at `process.exit()`, and native
 * code that comes back into a thread that is ending aborts the whole process (SIGABRT).
 */

/** Places in the shared memory: native calls under way, and whether the process exits. */
const RUNNING = 0
const EXITING = 1

/** How long an exit waits for native calls. A run takes some milliseconds, loading a model less than a second. */
const PATIENCE_MS = 2000

/** Of this thread, where it is a worker of a pool. */
let own: Int32Array<SharedArrayBuffer> | undefined

const pools = new Set<Int32Array<SharedArrayBuffer>>()

/** Main thread: memory that the workers of one pool share, and that an exit looks at until `forget` is called. */
export function createExitGate(): { readonly memory: SharedArrayBuffer; forget(): void } {
  const memory = new SharedArrayBuffer(8)
  const gate = new Int32Array(memory)
  if (pools.size === 0) process.on('exit', waitForNativeCode)
  pools.add(gate)
  return {
    memory,
    forget() {
      pools.delete(gate)
      if (pools.size === 0) process.off('exit', waitForNativeCode)
    },
  }
}

/** Worker thread: from now on native code runs only while the process does not exit. */
export function useExitGate(memory: SharedArrayBuffer): void {
  own = new Int32Array(memory)
}

/** Runs native code. Where the process exits already, it never runs and the promise stays pending. */
export async function throughExitGate<T>(native: () => Promise<T>): Promise<T> {
  const gate = own
  if (gate === undefined) return native()
  Atomics.add(gate, RUNNING, 1)
  try {
    if (Atomics.load(gate, EXITING) === 0) return await native()
  } finally {
    Atomics.sub(gate, RUNNING, 1)
    Atomics.notify(gate, RUNNING)
  }
  return new Promise<never>(() => {})
}

function waitForNativeCode(): void {
  for (const gate of pools) Atomics.store(gate, EXITING, 1)
  const end = performance.now() + PATIENCE_MS
  for (const gate of pools) {
    for (;;) {
      const running = Atomics.load(gate, RUNNING)
      const left = end - performance.now()
      if (running === 0 || left <= 0) break
      Atomics.wait(gate, RUNNING, running, left)
    }
  }
}
