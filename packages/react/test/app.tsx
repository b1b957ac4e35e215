/** What the browser test mounts; bundled once with each React. */
import { LivenessAnnouncer, LivenessCamera, type LivenessCameraProps, useLiveness } from '@unspoof/react'
import { allStrings } from '@unspoof/web/strings'
import { StrictMode, useEffect, useState, version } from 'react'
import { createRoot } from 'react-dom/client'

/** For machines that do much else. */
const PATIENT = { timeoutMs: 60_000 } as const

function Probe({ onState }: { readonly onState: (status: string) => void }) {
  const { videoRef, status, error } = useLiveness({
    autoStart: true,
    liveness: PATIENT,
    sequence: { maxDurationMs: 60_000 },
  })
  onState(error === undefined ? status : `${status} ${error.code}`)
  // biome-ignore lint/a11y/useMediaCaption: a camera has no captions
  return <video ref={videoRef} />
}

function Rerender() {
  const [count, setCount] = useState(0)
  return (
    <>
      <button id="again" type="button" onClick={() => setCount(count + 1)}>
        {count}
      </button>
      <LivenessCamera
        liveness={PATIENT}
        sequence={{ maxDurationMs: 60_000 }}
        onResult={(result) => results.push(`${count} ${result.verdict}`)}
      />
    </>
  )
}

function Counter() {
  const [count, setCount] = useState(0)
  useEffect(() => {
    if (count === 40) return undefined
    const timer = setTimeout(() => setCount(count + 1), 50)
    return () => clearTimeout(timer)
  }, [count])
  return <LivenessAnnouncer text={`hint ${count}`} intervalMs={400} />
}

const results: string[] = []

Object.assign(globalThis, {
  react: {
    version,
    results,
    /** Mounts the hook as StrictMode does, twice; returns the unmount. */
    mountProbe(states: string[]) {
      const root = createRoot(document.getElementById('root')!)
      root.render(
        <StrictMode>
          <Probe onState={(status) => states.at(-1) !== status && states.push(status)} />
        </StrictMode>,
      )
      return () => root.unmount()
    },
    mountCamera() {
      const root = createRoot(document.getElementById('root')!)
      root.render(
        <StrictMode>
          <Rerender />
        </StrictMode>,
      )
      return () => root.unmount()
    },
    /** A text that changes 40 times, 50 ms apart, and is announced every 400 ms at most. */
    mountCounter() {
      createRoot(document.getElementById('root')!).render(<Counter />)
    },
    /** The ready component as an application shows it; `locale` is one of the languages there are. */
    show({ locale, ...props }: LivenessCameraProps & { locale: string }) {
      createRoot(document.getElementById('root')!).render(
        <LivenessCamera liveness={PATIENT} {...props} strings={allStrings[locale]!} />,
      )
    },
  },
})
