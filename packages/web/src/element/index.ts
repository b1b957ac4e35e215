/** `import '@unspoof/web/element'` defines `<unspoof-liveness>`. Does nothing on a server. */
import { UnspoofLiveness, type UnspoofLivenessAttributes } from './liveness-element.ts'

export type { LivenessError } from '@unspoof/core'
export type { LivenessFlowOptions } from '../flow/flow.ts'
export type { FlowResult, FlowState } from '../flow/state.ts'
export type { LivenessStrings } from '../strings/strings.ts'
export type { SlotName } from '../ui/view.ts'
export * from './liveness-element.ts'

/**
 * Tag names and attributes, for the declarations of a framework.
 * @example declare module 'react' { namespace JSX { interface IntrinsicElements extends UnspoofElements {} } }
 */
export interface UnspoofElements {
  'unspoof-liveness': UnspoofLivenessAttributes & {
    // Whatever else a framework puts on elements: refs, classes, events
    readonly [attribute: string]: unknown
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'unspoof-liveness': UnspoofLiveness
  }
}

if (globalThis.customElements?.get('unspoof-liveness') === undefined)
  globalThis.customElements?.define('unspoof-liveness', UnspoofLiveness)
