/** The oval the face belongs in: its place, and how it is drawn with what was achieved around it. */
import { h, type ViewElement } from './tree.ts'

/** An ellipse in the square view of 100 x 100 that is laid over the middle of the preview. */
export interface Ellipse {
  readonly x: number
  readonly y: number
  readonly rx: number
  readonly ry: number
}

/** In the shape of a face (3 : 4), and above the middle, because the hint is below it. */
export const OVAL: Ellipse = { x: 50, y: 45, rx: 27, ry: 36 }

/** How large the face becomes when it is asked to come closer. */
const LARGER_OVAL: Ellipse = { x: 50, y: 45.5, rx: 32.25, ry: 43 }

/** What the person should do: a turn, an approach, or moving the face into the oval. */
export type Cue =
  | { readonly kind: 'turn'; readonly side: 'left' | 'right' }
  | { readonly kind: 'closer' }
  /** Towards (x, y) on the screen, where right and down are positive. */
  | { readonly kind: 'shift'; readonly x: number; readonly y: number }

export interface OvalView {
  /** What was achieved, 0..1: frames that were held, or how far a movement has come. */
  readonly progress: number
  /** Something is being waited for that has no measure. */
  readonly busy: boolean
  /** The face is where it belongs. */
  readonly fits: boolean
  readonly cue: Cue | undefined
  /** Names the progress bar. */
  readonly label: string
}

/** The drawing, and the progress bar for those who do not see it. */
export function ovalView({ progress, busy, fits, cue, label }: OvalView): readonly ViewElement[] {
  const percent = Math.round(100 * progress)
  const path = pathOf(OVAL)
  return [
    h(
      'svg',
      { class: 'unspoof-oval', viewBox: '0 0 100 100', preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': 'true' },
      [
        h('path', { class: 'unspoof-shade', 'fill-rule': 'evenodd', d: `M-200 -200 H300 V300 H-200 Z ${path}` }),
        h('path', { class: 'unspoof-track', 'data-fits': fits || undefined, d: path }),
        h('path', {
          class: 'unspoof-bar',
          'data-busy': busy || undefined,
          d: path,
          pathLength: 100,
          'stroke-dasharray': `${percent} 100`,
        }),
        ...(cue === undefined ? [] : cueView(cue, progress)),
      ],
    ),
    h('div', {
      class: 'unspoof-announcer unspoof-progress',
      role: 'progressbar',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': percent,
    }),
  ]
}

function cueView(cue: Cue, progress: number): readonly ViewElement[] {
  if (cue.kind === 'closer') {
    // Grows from one oval to the other as the face comes closer.
    const between = (key: keyof Ellipse): number => OVAL[key] + progress * (LARGER_OVAL[key] - OVAL[key])
    const reached = { x: between('x'), y: between('y'), rx: between('rx'), ry: between('ry') }
    return [
      h('path', { class: 'unspoof-movement', 'stroke-dasharray': '3 4', d: pathOf(LARGER_OVAL) }),
      h('path', { class: 'unspoof-reached', d: pathOf(reached) }),
    ]
  }
  const angle =
    cue.kind === 'turn' ? (cue.side === 'left' ? 180 : 0) : Math.round((180 / Math.PI) * Math.atan2(cue.y, cue.x))
  const arrows = cue.kind === 'turn' ? 3 : 1
  // Outside of the oval, whose edge is at another distance in every direction.
  const radians = (Math.PI / 180) * angle
  const edge = (OVAL.rx * OVAL.ry) / Math.hypot(OVAL.ry * Math.cos(radians), OVAL.rx * Math.sin(radians))
  return [
    h(
      'g',
      { class: 'unspoof-arrows', transform: `rotate(${angle} ${OVAL.x} ${OVAL.y})` },
      // One after the other they light up while the head turns.
      Array.from({ length: arrows }, (_, i) =>
        h('path', {
          key: `arrow-${i}`,
          class: 'unspoof-movement',
          'data-reached': (cue.kind === 'turn' && progress > i / arrows) || undefined,
          d: `M${round(OVAL.x + edge + 1.5 + 2.3 * i)} ${OVAL.y - 4.5} l2.6 4.5 l-2.6 4.5`,
        }),
      ),
    ),
  ]
}

function pathOf({ x, y, rx, ry }: Ellipse): string {
  const [a, b] = [round(y - ry), round(y + ry)]
  return `M${x} ${a} A${round(rx)} ${round(ry)} 0 0 1 ${x} ${b} A${round(rx)} ${round(ry)} 0 0 1 ${x} ${a} Z`
}

function round(value: number): number {
  return Math.round(100 * value) / 100
}
