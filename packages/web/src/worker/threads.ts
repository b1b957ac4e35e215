/** How many WebAssembly threads a run uses, and why. */

export interface ThreadChoice {
  readonly count: number
  /** One sentence for diagnostics. */
  readonly reason: string
}

/** The most threads `auto` takes: these networks are small, and more threads only wait for each other. */
const AUTO_MAX = 2

export function chooseThreads(
  wanted: number | 'auto',
  isolated: boolean = self.crossOriginIsolated,
  cores: number = navigator.hardwareConcurrency,
): ThreadChoice {
  if (!isolated) {
    const asked = wanted === 'auto' || wanted === 1 ? '' : ` (${wanted} were asked for)`
    return {
      count: 1,
      reason: `One thread${asked}: the page is not cross-origin isolated, so threads cannot share memory.`,
    }
  }
  if (wanted !== 'auto') return { count: wanted, reason: 'As the threads option says.' }
  const count = Math.max(1, Math.min(AUTO_MAX, Math.floor(cores / 2)))
  return { count, reason: `The page is cross-origin isolated and the device has ${cores} cores.` }
}
