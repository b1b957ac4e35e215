import { readFile } from 'node:fs/promises'
import { ar } from '@unspoof/web/strings'
import { renderToString } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { LivenessCamera, useLiveness } from '../index.ts'

function Wrong(): null {
  useLiveness({ sesion: '/x' } as never)
  return null
}

describe('on a server', () => {
  it('renders without a browser, without a warning, and does nothing', () => {
    const warnings = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const html = renderToString(<LivenessCamera autoStart preload session="/liveness/sessions" strings={ar} />)
    expect(html).toContain('dir="rtl"')
    expect(html).toContain(ar.labels.start)
    expect(warnings).not.toHaveBeenCalled()
    warnings.mockRestore()
  })

  it('refuses an option that does not exist', () => {
    expect(() => renderToString(<Wrong />)).toThrow(/sesion.*session/)
  })

  it('says "use client" first in what is published', async () => {
    const built = await readFile(new URL('../../dist/index.js', import.meta.url), 'utf8')
    expect(built).toMatch(/^['"]use client['"]/)
  })
})
