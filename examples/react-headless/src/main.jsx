import { LivenessVideo, useLiveness } from '@unspoof/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './main.css'

function App() {
  const liveness = useLiveness({ sequence: { maxDurationMs: 30_000 } })
  const { status, progress, result, start, stop } = liveness
  const busy = status !== 'idle' && status !== 'done' && status !== 'failed'
  return (
    <main>
      <h1>Is this a live face?</h1>
      <LivenessVideo liveness={liveness} />
      <p role="status">{says(liveness)}</p>
      <progress value={progress} aria-label="Progress" />
      <button type="button" onClick={busy ? stop : start}>
        {busy ? 'Stop' : 'Start'}
      </button>
      <output data-status={status}>{result?.verdict}</output>
    </main>
  )
}

function says({ status, hint, result }) {
  if (status === 'idle') return 'Press the button and look into the camera.'
  return result?.verdict === 'live' ? 'A live face.' : hint
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
