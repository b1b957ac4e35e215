/** The first example of the README, run as a reader would run it: with the built package and the bundled models. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const isBuilt = ['dist/index.js', '../node/dist/http/index.js', '../core/dist/index.js'].every((file) =>
  existsSync(new URL(file, root)),
)

// Needs the build: npm run build.
describe.skipIf(!isBuilt)('README', () => {
  test('its first example runs', async () => {
    const code = /```js\n(.*?)```/s.exec(readFileSync(new URL('README.md', root), 'utf8'))![1]!
    const listen = 'app.listen(3000)'
    expect(code).toContain(listen)
    const script = new URL(`readme-example-${process.pid}.mjs`, root)
    await writeFile(script, code.replace(listen, 'app.listen(0, function () { console.log(this.address().port) })'))
    const child = spawn(process.execPath, [fileURLToPath(script)], { stdio: ['ignore', 'pipe', 'pipe'] })
    const complaints: Buffer[] = []
    child.stderr.on('data', (chunk) => complaints.push(chunk))
    try {
      const [port] = (await Promise.race([
        once(child.stdout, 'data'),
        once(child, 'exit').then(() => Promise.reject(new Error(Buffer.concat(complaints).toString()))),
      ])) as [Buffer]
      const url = `http://127.0.0.1:${String(port).trim()}/login`
      expect((await fetch(url, { method: 'POST' })).status).toBe(400)
      const form = new FormData()
      form.append('name', 'Ada')
      const picture = readFileSync(new URL('../../fixtures/astronaut.jpg', root))
      form.append('photo', new Blob([picture as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }), 'me.jpg')
      const response = await fetch(url, { method: 'POST', body: form })
      expect([200, 403, 422]).toContain(response.status)
      const answer = await response.json()
      expect(answer).toMatchObject(
        response.ok ? { hello: 'Ada' } : { verdict: expect.stringMatching(/^(spoof|retry)$/) },
      )
      expect(Buffer.concat(complaints).toString()).toBe('')
    } finally {
      child.kill()
      await rm(script)
    }
  })
})
