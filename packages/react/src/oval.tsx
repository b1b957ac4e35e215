/** The oval the face belongs in, with the progress around it and the direction of a movement. */
import type { FlowState, FlowStatus } from '@unspoof/web'

export interface OvalProps {
  /** 0..1 */
  readonly progress: number
  readonly status: FlowStatus
  readonly challenge: FlowState['challenge']
  readonly mirrored: boolean
  readonly label: string
}

/** The oval in a view of 100 x 100, in the shape of a face (3 : 4); above the middle, because the hint is below it. */
const OVAL = 'M50 9 A27 36 0 0 1 50 81 A27 36 0 0 1 50 9 Z'

/** How large the face should become. */
const LARGER_OVAL = 'M50 2.5 A32.25 43 0 0 1 50 88.5 A32.25 43 0 0 1 50 2.5 Z'

export function Oval({ progress, status, challenge, mirrored, label }: OvalProps) {
  return (
    <>
      <svg className="unspoof-oval" viewBox="0 0 100 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <path className="unspoof-shade" fillRule="evenodd" d={`M-200 -200 H300 V300 H-200 Z ${OVAL}`} />
        <path className="unspoof-track" d={OVAL} />
        <path
          className="unspoof-bar"
          data-busy={status === 'starting' || status === 'submitting' || undefined}
          d={OVAL}
          pathLength={100}
          strokeDasharray={`${Math.round(100 * progress)} 100`}
        />
        {challenge !== undefined && <Movement challenge={challenge} mirrored={mirrored} />}
      </svg>
      <div
        className="unspoof-announcer"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * progress)}
      />
    </>
  )
}

/** The movement. A turn points where the person sees their own left: in a mirror that is the left of the screen. */
function Movement({
  challenge,
  mirrored,
}: Required<Pick<OvalProps, 'mirrored'>> & { readonly challenge: NonNullable<OvalProps['challenge']> }) {
  if (challenge === 'move-closer') return <path className="unspoof-movement" strokeDasharray="3 4" d={LARGER_OVAL} />
  const toLeft = (challenge === 'turn-left') === mirrored
  return (
    <path className="unspoof-movement" d={toLeft ? 'M20.5 39.5 L16 45 L20.5 50.5' : 'M79.5 39.5 L84 45 L79.5 50.5'} />
  )
}
