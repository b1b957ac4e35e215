/** The few line drawings of the component. */

const PATHS = {
  face: 'M12 3c-4 0-6.5 3-6.5 7.5S8.5 20 12 21c3.5-1 6.5-6 6.5-10.5S16 3 12 3Z M9.5 10v.01 M14.5 10v.01 M10 15.5h4',
  check: 'M4.5 12.5l5 5 10-11',
  warning: 'M12 4.5v9.5 M12 18.5v.01',
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
