/** The few line drawings of the component. */

const PATHS = {
  face: 'M4 8V6a2 2 0 0 1 2-2h2 M16 4h2a2 2 0 0 1 2 2v2 M20 16v2a2 2 0 0 1-2 2h-2 M8 20H6a2 2 0 0 1-2-2v-2 M9 9.5v1 M15 9.5v1 M9 14.5c1.7 1.6 4.3 1.6 6 0',
  check: 'M4.5 12.5l5 5 10-11',
  warning: 'M12 4.5v9.5 M12 18.5v.01',
  retry: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4 M19.5 4v4h-4',
  pause: 'M9 6v12 M15 6v12',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="unspoof-icon" data-name={name} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
