/** <LivenessCamera/>: the ready component. Oval, hints, progress, result. */
import { type CSSProperties, useRef } from 'react'
import { Icon, type IconName } from './icon.tsx'
import { Oval } from './oval.tsx'
import { LivenessAnnouncer, LivenessVideo } from './parts.tsx'
import { en } from './strings/en.ts'
import type { LivenessStrings } from './strings/strings.ts'
import { adoptStyles } from './styles.ts'
import { useIsomorphicLayoutEffect, useKeptFocus } from './use-kept-focus.ts'
import { type UseLivenessOptions, type UseLivenessResult, useLiveness } from './use-liveness.ts'
import { useThrottled } from './use-throttled.ts'

export interface LivenessCameraProps extends UseLivenessOptions {
  /** @default 'auto', which follows the system */
  readonly theme?: 'auto' | 'light' | 'dark'
  readonly className?: string
  /** Also for the CSS variables of the component (`--unspoof-accent` and others). */
  readonly style?: CSSProperties
  /** The person pressed "Cancel" while the camera was on. */
  readonly onCancel?: () => void
}

/** Milliseconds a hint stays before the next one takes its place. */
const HINT_MS = 700

export function LivenessCamera({ theme = 'auto', className, style, onCancel, ...options }: LivenessCameraProps) {
  const strings = options.strings ?? en
  const liveness = useLiveness(options)
  const root = useRef<HTMLElement>(null)
  useIsomorphicLayoutEffect(() => adoptStyles(root.current), [])
  const keptFocus = useKeptFocus(root)

  const active = isActive(liveness.status)
  const hint = useThrottled(liveness.hint, active ? HINT_MS : 0)
  const cancel = (): void => {
    liveness.stop()
    onCancel?.()
  }
  return (
    <section
      ref={root}
      tabIndex={-1}
      {...keptFocus}
      className={className === undefined ? 'unspoof' : `unspoof ${className}`}
      style={style}
      data-theme={theme}
      data-status={liveness.status}
      data-verdict={liveness.result?.verdict}
      lang={strings.locale}
      dir={strings.dir}
      aria-label={strings.labels.title}
    >
      <div className="unspoof-stage">
        <LivenessVideo
          className="unspoof-video"
          liveness={liveness}
          aria-label={strings.labels.preview}
          hidden={!active}
        />
        {active ? (
          <Oval
            progress={liveness.progress}
            status={liveness.status}
            challenge={liveness.challenge}
            mirrored={liveness.mirrored}
            label={strings.labels.progress}
          />
        ) : (
          <Panel liveness={liveness} strings={strings} />
        )}
        {active && hint !== '' && (
          <p className="unspoof-hint" aria-hidden="true">
            {hint}
          </p>
        )}
      </div>
      <LivenessAnnouncer className="unspoof-announcer" text={announcement(liveness, strings)} />
      <div className="unspoof-controls">
        {/* One button for all states, so that the focus is not lost. After `live` there is nothing left to press. */}
        {liveness.result?.verdict !== 'live' && (
          <button
            type="button"
            className="unspoof-button"
            data-kind={active ? 'quiet' : 'main'}
            onClick={active ? cancel : liveness.start}
          >
            {buttonLabel(liveness, strings)}
          </button>
        )}
        {liveness.devices.length > 1 && active && <Cameras liveness={liveness} strings={strings} />}
      </div>
    </section>
  )
}

interface PartProps {
  readonly liveness: UseLivenessResult
  readonly strings: LivenessStrings
}

/** What stands in place of the picture while the camera is off. */
function Panel({ liveness, strings }: PartProps) {
  const { heading, text, icon } = panelOf(liveness, strings)
  return (
    <div className="unspoof-panel">
      <Icon name={icon} />
      <h2 className="unspoof-heading">{heading}</h2>
      {text !== '' && <p className="unspoof-text">{text}</p>}
    </div>
  )
}

function panelOf(
  { status, result, hint }: UseLivenessResult,
  { labels }: LivenessStrings,
): { heading: string; text: string; icon: IconName } {
  if (status === 'failed') return { heading: labels.failed, text: hint, icon: 'warning' }
  if (status === 'paused') return { heading: labels.paused, text: '', icon: 'pause' }
  if (status === 'done') {
    if (result?.verdict === 'live') return { heading: labels.live, text: '', icon: 'check' }
    if (result?.verdict === 'spoof') return { heading: labels.spoof, text: hint, icon: 'warning' }
    return { heading: labels.tryAgain, text: hint, icon: 'retry' }
  }
  return { heading: labels.title, text: labels.intro, icon: 'face' }
}

function Cameras({ liveness, strings }: PartProps) {
  return (
    <select
      className="unspoof-select"
      aria-label={strings.labels.chooseCamera}
      value={liveness.deviceId}
      onChange={(event) => liveness.switchCamera(event.target.value)}
    >
      {liveness.devices.map(({ deviceId, label }, index) => (
        <option key={deviceId} value={deviceId}>
          {label === '' ? `${strings.labels.camera} ${index + 1}` : label}
        </option>
      ))}
    </select>
  )
}

function isActive(status: UseLivenessResult['status']): boolean {
  return status === 'starting' || status === 'checking' || status === 'capturing' || status === 'submitting'
}

function buttonLabel({ status }: UseLivenessResult, { labels }: LivenessStrings): string {
  if (isActive(status)) return labels.cancel
  return status === 'idle' ? labels.start : labels.retry
}

function announcement(liveness: UseLivenessResult, strings: LivenessStrings): string {
  if (isActive(liveness.status)) return liveness.hint
  const { heading, text } = panelOf(liveness, strings)
  return liveness.status === 'idle' ? '' : `${heading}. ${text}`.trim()
}
