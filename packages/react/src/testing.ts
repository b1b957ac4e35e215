'use client'
/** `@unspoof/react/testing`: a check without camera, models and server, for the tests of your components. */
import {
  type ErrorCode,
  type FlowResult,
  type FlowState,
  LivenessError,
  type LivenessFlow,
  type LivenessFlowOptions,
} from '@unspoof/web'
import { createElement, type ReactNode } from 'react'
import { FlowContext } from './flow-context.ts'

/** A flow that does what the test says. */
export interface FakeFlow extends LivenessFlow {
  /** The options that the component passed last. */
  readonly options: LivenessFlowOptions
  /** How often the check was started. */
  readonly starts: number
  /** Shows any state, such as `{ status: 'checking', hint: 'too-dark' }`. */
  show(state: Partial<FlowState>): void
  /** Ends the check with a result; the component's `onResult` is called. */
  finish(result: Partial<FlowResult> & Pick<FlowResult, 'verdict'>): void
  /** Ends the check with an error; the component's `onError` is called. */
  fail(code: ErrorCode): void
}

const BLANK: FlowState = {
  status: 'idle',
  hint: undefined,
  progress: 0,
  result: undefined,
  error: undefined,
  challenge: undefined,
  step: undefined,
  placement: undefined,
  warning: undefined,
  camera: {
    status: 'idle',
    error: undefined,
    stream: undefined,
    permission: undefined,
    devices: [],
    deviceId: undefined,
    facing: 'user',
    mirrored: true,
    track: undefined,
  },
}

/**
 * @example
 * const flow = createFakeFlow()
 * render(<FakeLiveness flow={flow}><Login /></FakeLiveness>)
 * await user.click(screen.getByRole('button', { name: 'Start camera' }))
 * act(() => flow.finish({ verdict: 'live', token: 'test' }))
 */
export function createFakeFlow(): FakeFlow {
  const listeners = new Set<() => void>()
  let options: LivenessFlowOptions = {}
  let state = BLANK
  let starts = 0
  const set = (next: FlowState): void => {
    state = next
    for (const listener of [...listeners]) listener()
  }
  return {
    get options() {
      return options
    },
    get starts() {
      return starts
    },
    getSnapshot: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setOptions(next) {
      options = next
    },
    attach: () => undefined,
    preload: () => undefined,
    async start() {
      starts++
      set({ ...BLANK, status: 'starting', hint: 'allow-camera' })
    },
    stop: () => set(BLANK),
    switchCamera: () => undefined,
    show: (change) => set({ ...state, ...change }),
    finish(partial) {
      const { verdict } = partial
      const code = verdict === 'live' ? 'LIVE' : verdict === 'spoof' ? 'SPOOF' : 'RETRY'
      const result = { code, reasons: [], hint: '', source: 'server', ...partial } as FlowResult
      set({ ...BLANK, status: 'done', progress: 1, result })
      options.onResult?.(result)
    },
    fail(code) {
      const error = new LivenessError(code, 'A test says so.')
      set({ ...BLANK, status: 'failed', error })
      options.onError?.(error)
    },
  }
}

/** Components inside use `flow` in place of a camera. */
export function FakeLiveness({ flow, children }: { readonly flow: FakeFlow; readonly children?: ReactNode }) {
  const make = (options: LivenessFlowOptions): LivenessFlow => {
    flow.setOptions(options)
    return flow
  }
  return createElement(FlowContext.Provider, { value: make }, children)
}
