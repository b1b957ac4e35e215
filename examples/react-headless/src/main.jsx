import { LivenessVideo, useLiveness } from '@unspoof/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

function App() {
  const liveness = useLiveness({ sequence: { maxDurationMs: 30_000 } })
  const { status, hint, progress, result, start, stop } = liveness
  const busy = status !== 'idle' && status !== 'done' && status !== 'failed'
  return (
    <main>
      <LivenessVideo liveness={liveness} width={480} />
      <p role="status">{result?.verdict === 'live' ? 'A live face.' : hint}</p>
      <progress value={progress} />
      <button type="button" onClick={busy ? stop : start}>
        {busy ? 'Stop' : 'Start'}
      </button>
      <output data-status={status}>{result?.verdict}</output>
    </main>
  )
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
