/** What the browser test mounts; bundled once with each React. */
import { LivenessCamera, useLiveness } from '@unspoof/react'
import { StrictMode, useState, version } from 'react'
import { createRoot } from 'react-dom/client'

function Probe({ onState }: { readonly onState: (status: string) => void }) {
  const { videoRef, status, error } = useLiveness({ autoStart: true, sequence: { maxDurationMs: 60_000 } })
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
        sequence={{ maxDurationMs: 60_000 }}
        onResult={(result) => results.push(`${count} ${result.verdict}`)}
      />
    </>
  )
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
  },
})
