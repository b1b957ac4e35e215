/** The camera as a tree: preview and oval, or a panel; the hint; the controls. */
import type { FlowState } from '../flow/state.ts'
import { icon } from './icon.ts'
import { type Cue, ovalView } from './oval.ts'
import type { Presented } from './presenter.ts'
import { buttonOf, isBusy, panelOf } from './texts.ts'
import { h, type ViewElement } from './tree.ts'

export interface ViewOptions {
  readonly theme: 'auto' | 'light' | 'dark'
  readonly onPress: () => void
  readonly onCamera: (deviceId: string) => void
}

/** The names of the places that an application may fill with content of its own. */
export type SlotName = 'start' | 'heading' | 'consent' | 'result'

/** The whole camera. The root takes the focus when the control that had it goes. */
export function cameraView(presented: Presented, options: ViewOptions): ViewElement {
  const { state, strings } = presented
  return h(
    'section',
    {
      class: 'unspoof',
      tabindex: -1,
      'data-theme': options.theme,
      'data-status': state.status,
      'data-verdict': state.result?.verdict,
      lang: strings.locale,
      dir: strings.dir,
      'aria-label': strings.labels.title,
    },
    [
      stageView(presented),
      h('p', { class: 'unspoof-announcer', role: 'status', 'aria-live': 'polite' }, [presented.announcement]),
      controlsView(presented, options),
    ],
  )
}

function stageView({ state, strings, hint }: Presented): ViewElement {
  const active = isBusy(state.status)
  return h('div', { class: 'unspoof-stage', part: 'stage' }, [
    h('video', {
      class: 'unspoof-video',
      part: 'video',
      'aria-label': strings.labels.preview,
      'data-mirrored': state.camera.mirrored || undefined,
      hidden: !active,
      muted: true,
      playsinline: true,
    }),
    ...(active
      ? ovalView({
          progress: achieved(state),
          busy: state.status === 'starting' || state.status === 'submitting',
          fits: state.placement?.fits ?? state.hint === 'hold-still',
          cue: cueOf(state),
          label: strings.labels.progress,
        })
      : [panelView(state, strings)]),
    active && hint !== '' && h('p', { class: 'unspoof-hint', part: 'hint', 'aria-hidden': 'true' }, [hint]),
  ])
}

function panelView(state: FlowState, strings: Presented['strings']): ViewElement {
  const { heading, text, icon: name } = panelOf(state, strings)
  const title = h('h2', { class: 'unspoof-heading', part: 'heading' }, [heading])
  const words = text !== '' && h('p', { class: 'unspoof-text', part: 'text' }, [text])
  const content =
    state.status === 'idle'
      ? [
          h('slot', { name: 'start' }, [
            icon(name),
            h('slot', { name: 'heading' }, [title]),
            words,
            h('slot', { name: 'consent' }),
          ]),
        ]
      : state.status === 'done'
        ? [h('slot', { name: 'result' }, [icon(name), title, words])]
        : [icon(name), title, words]
  return h('div', { class: 'unspoof-panel', part: 'panel' }, content)
}

/** One button for all states, so that the focus is not lost. After `live` there is nothing left to press. */
function controlsView({ state, strings, wait }: Presented, { onPress, onCamera }: ViewOptions): ViewElement {
  const active = isBusy(state.status)
  const { devices, deviceId } = state.camera
  const { labels } = strings
  return h('div', { class: 'unspoof-controls', part: 'controls' }, [
    state.result?.verdict !== 'live' &&
      h(
        'button',
        {
          class: 'unspoof-button',
          part: 'button',
          type: 'button',
          'data-kind': active ? 'quiet' : 'main',
          // Not `disabled`, which would take the focus away.
          'aria-disabled': (!active && wait > 0 && 'true') || undefined,
        },
        [buttonOf(state, strings, wait)],
        { click: onPress },
      ),
    active &&
      devices.length > 1 &&
      h(
        'select',
        { class: 'unspoof-select', part: 'select', 'aria-label': labels.chooseCamera, value: deviceId },
        devices.map((device, index) =>
          h('option', { key: device.deviceId, value: device.deviceId }, [
            device.label === '' ? `${labels.camera} ${index + 1}` : device.label,
          ]),
        ),
        { change: onCamera },
      ),
  ])
}

/** Of a step: the frames that were held, or how far the movement has come. Else of the whole. */
function achieved({ step, progress }: FlowState): number {
  if (step === undefined) return progress
  return step.kind === 'hold' ? step.taken : step.progress
}

/**
 * An arrow to where the face should go. A turn points where the person sees their own left: in a mirror that is the left of
 * the screen.
 */
function cueOf({ step, hint, placement, camera }: FlowState): Cue | undefined {
  if (step === undefined || step.kind === 'hold') {
    if (hint !== 'centre-face' || placement === undefined) return undefined
    return { kind: 'shift', x: placement.x, y: placement.y }
  }
  if (step.kind === 'move-closer') return { kind: 'closer' }
  return { kind: 'turn', side: (step.kind === 'turn-left') === camera.mirrored ? 'left' : 'right' }
}
