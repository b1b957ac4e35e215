/** The line drawings of the panel. */
import { h, type ViewElement } from './tree.ts'

const PATHS = {
  face: 'M4 8V6a2 2 0 0 1 2-2h2 M16 4h2a2 2 0 0 1 2 2v2 M20 16v2a2 2 0 0 1-2 2h-2 M8 20H6a2 2 0 0 1-2-2v-2 M9 9.5v1 M15 9.5v1 M9 14.5c1.7 1.6 4.3 1.6 6 0',
  check: 'M4.5 12.5l5 5 10-11',
  warning: 'M12 4.5v9.5 M12 18.5v.01',
  camera: 'M3 8h3.5L8 5.5h8L17.5 8H21v11H3z M12 10a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6 M4 3.5l17 17',
  network: 'M3 9.5a13 13 0 0 1 18 0 M6.5 13.2a8 8 0 0 1 11 0 M12 18.5v.01 M4 3.5l16 17',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16 M12 7.5V12l3 2',
  retry: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4 M19.5 4v4h-4',
  pause: 'M9 6v12 M15 6v12',
} as const

export type IconName = keyof typeof PATHS

/** Width and height are attributes, too: without the style sheet an icon would fill the page. */
export function icon(name: IconName): ViewElement {
  return h(
    'svg',
    { class: 'unspoof-icon', 'data-name': name, viewBox: '0 0 24 24', width: 72, height: 72, 'aria-hidden': 'true' },
    [h('path', { d: PATHS[name] })],
  )
}
