/** What the camera says in each state: heading, advice, hint, button and announcement, as pure functions of the state. */
import type { ErrorCode } from '@unspoof/core'
import type { FlowState, FlowStatus } from '../flow/state.ts'
import { errorText, hintText, type LivenessStrings } from '../strings/strings.ts'
import type { IconName } from './icon.ts'

/** True while the camera is on or about to be. */
export function isBusy(status: FlowStatus): boolean {
  return status === 'starting' || status === 'checking' || status === 'capturing' || status === 'submitting'
}

/** What the person should do now, as a sentence; empty where there is nothing to say. */
export function hintOfState({ status, hint, result, error, progress }: FlowState, strings: LivenessStrings): string {
  if (status === 'failed' && error !== undefined) return errorText(strings, error.code).advice
  if (status === 'done' && result !== undefined)
    return result.verdict === 'live' ? '' : hintText(strings, result.reasons[0] ?? 'again')
  if (hint === undefined) return ''
  const text = hintText(strings, hint)
  // Files arrive: how many of them is worth knowing on a slow connection.
  return hint === 'loading' && progress > 0
    ? `${text} ${new Intl.NumberFormat(strings.locale, { style: 'percent' }).format(progress)}`
    : text
}

export interface PanelText {
  readonly heading: string
  readonly text: string
  readonly icon: IconName
}

/** What stands in place of the preview while the camera is off. */
export function panelOf(state: FlowState, strings: LivenessStrings): PanelText {
  const { labels } = strings
  switch (state.status) {
    case 'failed': {
      const code = state.error?.code ?? 'MODEL_UNAVAILABLE'
      const { heading, advice } = errorText(strings, code)
      return { heading, text: advice, icon: iconOf(code) }
    }
    case 'paused':
      return { heading: labels.paused, text: '', icon: 'pause' }
    case 'done': {
      const text = hintOfState(state, strings)
      if (state.result?.verdict === 'live') return { heading: labels.live, text, icon: 'check' }
      if (state.result?.verdict === 'spoof') return { heading: labels.spoof, text, icon: 'warning' }
      return { heading: labels.tryAgain, text, icon: 'retry' }
    }
    default:
      return { heading: labels.title, text: labels.intro, icon: 'face' }
  }
}

function iconOf(code: ErrorCode): IconName {
  if (code.startsWith('CAMERA_') || code === 'PLAYBACK_BLOCKED') return 'camera'
  if (code === 'NETWORK' || code === 'DOWNLOAD_TIMEOUT' || code === 'SERVER_TIMEOUT') return 'network'
  return code === 'OVERLOADED' || code === 'ATTEMPTS_EXCEEDED' || code === 'SESSION_EXPIRED' ? 'clock' : 'warning'
}

/** @param wait seconds until the server takes the next try; 0 where it would now */
export function buttonOf({ status }: FlowState, { labels, locale }: LivenessStrings, wait: number): string {
  if (isBusy(status)) return labels.cancel
  if (wait > 0) return labels.retryIn.replace('{time}', timeText(wait, locale))
  return status === 'idle' ? labels.start : labels.retry
}

/** For screen readers: the hint while the camera is on, else heading and text of the panel. */
export function announcementOf(state: FlowState, strings: LivenessStrings): string {
  if (state.status === 'idle') return ''
  // Not the percentage: it would be read again and again.
  if (isBusy(state.status)) return hintOfState({ ...state, progress: 0 }, strings)
  const { heading, text } = panelOf(state, strings)
  return text === '' ? heading : `${heading}. ${text}`
}

/** Such as "28 sec" or "9 min". */
function timeText(seconds: number, locale: string): string {
  const [value, unit] = seconds > 90 ? [Math.ceil(seconds / 60), 'minute'] : [seconds, 'second']
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value)
}
