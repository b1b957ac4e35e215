/** createPresenter(): what a camera shows, as a small store over the flow. The custom element and @unspoof/react draw it. */
import type { LivenessFlow } from '../flow/flow.ts'
import type { FlowState } from '../flow/state.ts'
import { en } from '../strings/en.ts'
import type { LivenessStrings } from '../strings/strings.ts'
import { announcementOf, hintOfState, isBusy } from './texts.ts'
import { throttled } from './throttle.ts'

export interface Presented {
  readonly state: FlowState
  readonly strings: LivenessStrings
  /** The sentence on the preview. It stays long enough to be read. */
  readonly hint: string
  /** For screen readers, no faster than it can be spoken. */
  readonly announcement: string
  /** Seconds until the server takes the next try; 0 where it would now. */
  readonly wait: number
}

export interface PresenterOptions {
  readonly strings?: LivenessStrings
  /** The person pressed "Cancel" while the camera was on. */
  readonly onCancel?: (() => void) | undefined
}

export interface Presenter {
  getSnapshot(): Presented
  subscribe(listener: () => void): () => void
  setOptions(options: PresenterOptions): void
  /** The one button: starts, cancels or tries again. */
  press(): void
  /** Begins to follow the flow; returns what ends it. */
  connect(): () => void
}

/** Milliseconds a hint stays before the next one takes its place. */
const HINT_MS = 700

/** Milliseconds from one announcement to the next. */
const ANNOUNCE_MS = 2_000

/** Milliseconds after the start in which a second press is one half of a double click and not a wish to cancel. */
const DOUBLE_CLICK_MS = 600

export function createPresenter(flow: LivenessFlow, initial: PresenterOptions = {}): Presenter {
  const listeners = new Set<() => void>()
  let options = initial
  let startedAt = -Infinity
  let waitUntil = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const hint = throttled('', HINT_MS, changed)
  const announcement = throttled('', ANNOUNCE_MS, changed)
  let shown = snapshot()

  function snapshot(): Presented {
    const state = flow.getSnapshot()
    const strings = options.strings ?? en
    const wait = state.status === 'failed' ? Math.max(0, Math.ceil((waitUntil - performance.now()) / 1000)) : 0
    const text = isBusy(state.status) ? hint.value : hintOfState(state, strings)
    return { state, strings, hint: text, announcement: announcement.value, wait }
  }

  function changed(): void {
    shown = snapshot()
    for (const listener of [...listeners]) listener()
  }

  function follow(): void {
    const state = flow.getSnapshot()
    const strings = options.strings ?? en
    const { retryAfter } = state.error ?? {}
    if (state.error !== shown.state.error) {
      clearTimeout(timer)
      waitUntil = retryAfter === undefined ? 0 : performance.now() + 1000 * retryAfter
      if (retryAfter !== undefined) count()
    }
    hint.set(isBusy(state.status) ? hintOfState(state, strings) : '')
    announcement.set(announcementOf(state, strings))
    changed()
  }

  function count(): void {
    if (waitUntil <= performance.now()) return
    timer = setTimeout(() => {
      changed()
      count()
    }, 250)
  }

  return {
    getSnapshot: () => shown,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setOptions(next) {
      const spoken = next.strings !== options.strings
      options = next
      if (spoken) follow()
    },
    press() {
      const { state, wait } = shown
      if (isBusy(state.status)) {
        if (performance.now() - startedAt < DOUBLE_CLICK_MS) return
        flow.stop()
        options.onCancel?.()
      } else if (wait === 0) {
        startedAt = performance.now()
        void flow.start()
      }
    },
    connect() {
      const unsubscribe = flow.subscribe(follow)
      follow()
      return () => {
        unsubscribe()
        hint.stop()
        announcement.stop()
        clearTimeout(timer)
      }
    },
  }
}
