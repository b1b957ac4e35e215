/** <LivenessCamera/>: the ready component, drawn from the same view as the custom element of @unspoof/web. */
import type { FlowResult, LivenessFlow } from '@unspoof/web'
import type { LivenessStrings } from '@unspoof/web/strings'
import { adoptStyles, cameraView, createPresenter, type SlotName } from '@unspoof/web/ui'
import {
  type AriaAttributes,
  type ForwardRefExoticComponent,
  forwardRef,
  type HTMLAttributes,
  type ReactNode,
  type RefAttributes,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { toReact } from './to-react.ts'
import { type UseFlowOptions, useFlow } from './use-flow.ts'
import { useIsomorphicLayoutEffect, useKeptFocus } from './use-kept-focus.ts'

/** Attributes that go to the section around it, as `data-*` do. */
type SectionProps = AriaAttributes &
  Pick<HTMLAttributes<HTMLElement>, 'id' | 'className' | 'style' | 'title' | 'hidden'>

export interface LivenessCameraProps extends UseFlowOptions, SectionProps {
  /** @default English */
  readonly strings?: LivenessStrings
  /** @default 'auto', which follows the system */
  readonly theme?: 'auto' | 'light' | 'dark'
  /** The person pressed "Cancel" while the camera was on. */
  readonly onCancel?: () => void
  /** Content of your own: the start screen, its heading, a consent link below its text, what is shown with a result. */
  readonly slots?: Readonly<Partial<Record<Exclude<SlotName, 'result'>, ReactNode>>> & {
    readonly result?: ReactNode | ((result: FlowResult) => ReactNode)
  }
}

/** What a ref of `<LivenessCamera/>` holds. */
export interface LivenessCameraHandle {
  readonly element: HTMLElement | null
  readonly start: () => void
  readonly stop: () => void
  readonly switchCamera: (deviceId?: string) => void
}

/** @example <LivenessCamera session="/liveness/sessions" onResult={({ token }) => token && logIn(token)} /> */
export const LivenessCamera: ForwardRefExoticComponent<LivenessCameraProps & RefAttributes<LivenessCameraHandle>> =
  /* @__PURE__ */ forwardRef<LivenessCameraHandle, LivenessCameraProps>(function LivenessCamera(
    { theme = 'auto', strings, slots = {}, onCancel, className, ...props },
    ref,
  ) {
    const [options, rest] = divide(props)
    const flow = useFlow({ oval: true, ...options })
    const [presenter] = useState(() => createPresenter(flow, { strings }))
    const presented = useSyncExternalStore(presenter.subscribe, presenter.getSnapshot, presenter.getSnapshot)
    useIsomorphicLayoutEffect(() => presenter.setOptions({ strings, onCancel }))
    useEffect(() => presenter.connect(), [presenter])

    const root = useRef<HTMLElement>(null)
    const keptFocus = useKeptFocus(root)
    useIsomorphicLayoutEffect(() => adoptStyles(root.current), [])
    useImperativeHandle(ref, () => handleOf(flow, root), [flow])
    const [attach] = useState(() => (video: HTMLVideoElement | null) => flow.attach(video))

    const { result } = presented.state
    const shown = typeof slots.result === 'function' ? result && slots.result(result) : slots.result
    const view = cameraView(
      { ...presented, strings: strings ?? presented.strings },
      { theme, onPress: presenter.press, onCamera: flow.switchCamera },
    )
    return toReact(view, {
      slots: { ...slots, result: shown },
      extra: {
        unspoof: {
          ...rest,
          ...keptFocus,
          ref: root,
          className: className === undefined ? 'unspoof' : `unspoof ${className}`,
        },
        'unspoof-video': { ref: attach },
      },
    })
  })

function handleOf(flow: LivenessFlow, root: { readonly current: HTMLElement | null }): LivenessCameraHandle {
  return {
    get element() {
      return root.current
    },
    start: () => void flow.start(),
    stop: () => flow.stop(),
    switchCamera: (deviceId) => flow.switchCamera(deviceId),
  }
}

/** Options of the flow, where a mistyped name is an error, and attributes of the section. */
function divide({ id, style, title, hidden, ...props }: UseFlowOptions & SectionProps) {
  const rest: Record<string, unknown> = { id, style, title, hidden }
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(props)) (/^(data|aria)-/.test(name) ? rest : options)[name] = value
  return [options as UseFlowOptions, rest] as const
}
