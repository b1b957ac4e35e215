import { renderToString } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { LivenessCamera, useLiveness } from '../index.ts'
import { createFakeFlow, FakeLiveness } from '../testing.ts'

function Headless() {
  const liveness = useLiveness({ session: '/liveness/sessions' })
  // Told apart by status: each is there where it must be.
  if (liveness.status === 'failed') return <p>{liveness.error.code}</p>
  if (liveness.status === 'done') return <p>{`${liveness.result.verdict} ${liveness.isLive} ${liveness.token}`}</p>
  return <p>{`${liveness.isBusy} ${liveness.hint}`}</p>
}

describe('the fake of @unspoof/react/testing', () => {
  it('shows any state of the camera', () => {
    const flow = createFakeFlow()
    const shown = () =>
      renderToString(
        <FakeLiveness flow={flow}>
          <LivenessCamera slots={{ result: ({ verdict }) => <b>{`It is ${verdict}`}</b> }} />
        </FakeLiveness>,
      )
    expect(shown()).toContain('Start camera')
    flow.show({ status: 'checking', hint: 'too-dark' })
    expect(shown()).toContain('Cancel')
    flow.fail('CAMERA_NOT_FOUND')
    expect(shown()).toContain('Connect a camera and try again.')
    flow.finish({ verdict: 'spoof' })
    expect(shown()).toContain('It is spoof')
  })

  it('calls what the component passed, and tells the hook', async () => {
    const flow = createFakeFlow()
    const shown = () =>
      renderToString(
        <FakeLiveness flow={flow}>
          <Headless />
        </FakeLiveness>,
      )
    expect(shown()).toContain('false ')
    await flow.start()
    expect(flow.starts).toBe(1)
    expect(shown()).toContain('true Allow the camera to go on.')
    const onResult = vi.fn()
    flow.setOptions({ ...flow.options, onResult })
    flow.finish({ verdict: 'live', token: 'test' })
    expect(onResult).toHaveBeenCalledWith(expect.objectContaining({ verdict: 'live', token: 'test', source: 'server' }))
    expect(shown()).toContain('live true test')
    flow.fail('NETWORK')
    expect(shown()).toContain('NETWORK')
  })
})

describe('LivenessCamera', () => {
  it('passes data-*, aria-* and id on, and refuses an option that does not exist', () => {
    const html = renderToString(<LivenessCamera id="camera" data-testid="x" aria-describedby="help" className="mine" />)
    expect(html).toMatch(/^<section (?=[^>]*id="camera")(?=[^>]*data-testid="x")(?=[^>]*aria-describedby="help")/)
    expect(html).toContain('class="unspoof mine"')
    expect(() => renderToString(<LivenessCamera {...({ sesion: '/x' } as object)} />)).toThrow(/sesion.*session/)
  })

  it('has no inline style and sized drawings, so that a strict policy and a late style sheet do no harm', () => {
    const html = renderToString(<LivenessCamera />)
    expect(html).not.toContain('style=')
    expect(html).toMatch(/<svg[^>]*width="72" height="72"/)
  })
})
