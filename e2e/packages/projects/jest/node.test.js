// Jest runs this file in a realm of its own, with a copy of `process`.
const { readFileSync } = require('node:fs')
const { createLiveness, createLivenessPool } = require('@unspoof/node')

jest.setTimeout(60_000)
const path = process.env.IMAGE
const bytes = readFileSync(path)

test.each(['native', 'wasm'])('createLiveness judges every kind of input with the runtime %s', async (runtime) => {
  const liveness = await createLiveness({ runtime })
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  for (const input of [path, bytes, new Uint8Array(bytes), buffer, new Blob([bytes])]) {
    expect((await liveness.check(input)).verdict).toBe('live')
  }
  await liveness.close()
})

test('createLivenessPool judges with onnxruntime-node', async () => {
  const pool = await createLivenessPool({ workers: 1 })
  expect(pool.diagnostics().runtime).toMatch(/^onnxruntime-node/)
  expect((await pool.check(bytes)).verdict).toBe('live')
  await pool.close()
})
