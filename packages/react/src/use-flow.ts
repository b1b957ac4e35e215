/** useFlow(): one flow for the life of a component, with the latest options. */
import type { LivenessFlow, LivenessFlowOptions } from '@unspoof/web'
import { useContext, useEffect, useState } from 'react'
import { FlowContext } from './flow-context.ts'

export interface UseFlowOptions extends LivenessFlowOptions {
  /** Starts when the component is shown. Browsers then ask for the camera without a click. @default false */
  readonly autoStart?: boolean
  /** Loads the models when the component is shown, so that the first start is quick. @default false */
  readonly preload?: boolean
}

/**
 * Safe under StrictMode, in server rendering (it does nothing there), in concurrent rendering, and when it unmounts while
 * the permission prompt is open: the camera is always released.
 */
export function useFlow({ autoStart = false, preload = false, ...options }: UseFlowOptions): LivenessFlow {
  const createFlow = useContext(FlowContext)
  const [flow] = useState(() => createFlow(options))
  // Every render, so that callbacks are always the latest.
  useEffect(() => flow.setOptions(options))
  useEffect(() => () => flow.stop(), [flow])
  useEffect(() => {
    if (preload) flow.preload()
  }, [flow, preload])
  useEffect(() => {
    if (!autoStart) return undefined
    // Not at once: StrictMode mounts twice, and the person should be asked for the camera once.
    const timer = setTimeout(() => void flow.start())
    return () => clearTimeout(timer)
  }, [flow, autoStart])
  return flow
}
