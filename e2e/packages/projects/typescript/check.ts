// Strict TypeScript with Node's own resolution, and our declarations checked, too.
import { LivenessError, type LivenessResult, type Verdict } from '@unspoof/core'
import { livenessMiddleware, type RequestLiveness } from '@unspoof/express'
import { withLiveness } from '@unspoof/face-api'
import { toHttpResponse } from '@unspoof/http'
import { LivenessGuard } from '@unspoof/nestjs'
import { createLiveness } from '@unspoof/node'
import { LivenessCamera, useLiveness } from '@unspoof/react'
import { createMemoryStore, type Store } from '@unspoof/session'
import { createLiveness as createWebLiveness } from '@unspoof/web'
import { copyAssets } from '@unspoof/web/assets'
import { unspoof } from '@unspoof/web/vite'
import express from 'express'

const store: Store = createMemoryStore()
express().post('/login', livenessMiddleware(), (request, response) => {
  const liveness: RequestLiveness | undefined = request.liveness
  response.json({ verdict: liveness?.verdict })
})

export async function verdictOf(path: string): Promise<Verdict> {
  const liveness = await createLiveness()
  try {
    const result: LivenessResult = await liveness.check(path)
    return result.verdict
  } catch (error) {
    if (error instanceof LivenessError && error.code === 'IMAGE_CORRUPT') return 'retry'
    throw error
  } finally {
    await liveness.close()
  }
}

// @ts-expect-error: a result is no verdict, so types are there and are not `any`
export const wrong: Promise<number> = verdictOf('selfie.jpg')

export default [
  store,
  withLiveness,
  LivenessGuard,
  toHttpResponse,
  LivenessCamera,
  useLiveness,
  createWebLiveness,
  copyAssets,
  unspoof,
]
