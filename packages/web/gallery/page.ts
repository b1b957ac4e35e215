/** The page of the gallery: shows the camera in any state, without a camera. */
import type { FlowState } from '../src/flow/state.ts'
import { allStrings } from '../src/strings/index.ts'
import { patch } from '../src/ui/dom.ts'
import { adoptStyles } from '../src/ui/styles.ts'
import { announcementOf, hintOfState, isBusy } from '../src/ui/texts.ts'
import { cameraView } from '../src/ui/view.ts'
import { STATES } from './states.ts'

const root = document.querySelector('main')!
adoptStyles(root)

Object.assign(globalThis, {
  names: Object.keys(STATES),
  show(name: string, locale: string, theme: 'light' | 'dark') {
    const strings = allStrings[locale]!
    const { wait, ...state } = STATES[name]! as FlowState & { wait: number }
    document.documentElement.lang = locale
    document.documentElement.dataset.theme = theme
    const hint = isBusy(state.status) ? hintOfState(state, strings) : ''
    const announcement = announcementOf(state, strings)
    patch(root, [
      cameraView(
        { state, strings, hint, announcement, wait },
        { theme, onPress: () => undefined, onCamera: () => undefined },
      ),
    ])
    // In place of a camera.
    root.querySelector('video')!.poster = '/face.jpg'
  },
})
