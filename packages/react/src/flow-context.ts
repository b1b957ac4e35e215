/** How components make their flow: the real one, or that of a test. */
import { createLivenessFlow, type LivenessFlow, type LivenessFlowOptions } from '@unspoof/web'
import { type Context, createContext } from 'react'

export const FlowContext: Context<(options: LivenessFlowOptions) => LivenessFlow> =
  /* @__PURE__ */ createContext<(options: LivenessFlowOptions) => LivenessFlow>(createLivenessFlow)
