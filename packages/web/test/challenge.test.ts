import { createLiveness, decodeImage } from '@unspoof/node'
import {
  type ChallengeKind,
  createMemoryStore,
  createSessionHandler,
  createSessions,
  createTokenSigner,
  createTokenVerifier,
  generateTokenKeys,
  type NodeRequest,
  type NodeResponse,
  toNodeHandler,
} from '@unspoof/session'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launchChromium } from '../../../test/browser/chromium.ts'
import { installPerson, type Movement } from '../../../test/browser/person.ts'
import { type Site, startSite } from './harness.ts'

const NAMES = { issuer: 'https://login.example', audience: 'https://login.example' }

describe.skipIf(!hasChromium)(
  'challenges, from the instruction to the verdict of the server',
  { timeout: 120_000 },
  () => {
    let browser: Browser
    let site: Site
    let asked: ChallengeKind
    let verify: (token: string) => Promise<unknown>
    let close: () => Promise<void>

    beforeAll(async () => {
      browser = await launchChromium()
      const liveness = await createLiveness()
      close = () => liveness.close()
      const store = createMemoryStore()
      const keys = await generateTokenKeys()
      const signer = await createTokenSigner({ key: keys.privateKey, kid: keys.publicKey.kid!, ...NAMES })
      const verifier = await createTokenVerifier({ keys: [keys.publicKey], store, ...NAMES })
      verify = (token) => verifier.verify(token, { subject: 'ada' })
      const kinds = ['move-closer', 'turn-left', 'turn-right'] as const
      const handler = toNodeHandler(
        createSessionHandler(
          createSessions({
            liveness,
            decode: (jpeg) => decodeImage(jpeg),
            store,
            signer,
            challenges: kinds,
            random: () => kinds.indexOf(asked as (typeof kinds)[number]) / kinds.length + 0.01,
            // Slower than by default, so that a busy machine takes its frames in time.
            capture: { intervalMs: 350 },
            // One picture plays all the people here, so every session after the first would be a repeat.
            seenFramesTtlMs: 0,
          }),
          { subject: () => 'ada' },
        ),
      )
      site = await startSite(
        {},
        {
          handle(request, response) {
            if (request.url?.startsWith('/liveness/') !== true) return false
            void handler(request as NodeRequest, response as NodeResponse)
            return true
          },
        },
      )
    })
    afterAll(async () => {
      await browser?.close()
      await site?.close()
      await close?.()
    })

    /** One session with a person who does `movement` when asked. */
    async function session(kind: ChallengeKind, movement: Movement) {
      asked = kind
      const context = await browser.newContext()
      const page = await context.newPage()
      await installPerson(page)
      await page.goto(site.url)
      await page.waitForFunction('globalThis.ready')
      const answer = await page.evaluate(async (move) => {
        const flow = unspoof.createLivenessFlow({
          session: '/liveness/sessions',
          liveness: { timeoutMs: 60_000 },
          camera: { width: 640, height: 480 },
        })
        flow.attach(document.querySelector('video'))
        const hints: string[] = []
        flow.subscribe(() => {
          const { challenge, hint } = flow.getSnapshot()
          if (hint !== undefined && hints.at(-1) !== hint) hints.push(hint)
          if (challenge === undefined || challenge === (flow as { told?: string }).told) return
          Object.assign(flow, { told: challenge })
          act(move)
        })
        await flow.start()
        const { status, result, error, warning } = flow.getSnapshot()
        flow.stop()
        return { status, result, hints, problem: error?.code ?? warning?.code, violations }
      }, movement)
      await context.close()
      expect(answer).toMatchObject({ status: 'done', problem: undefined, violations: [], result: { source: 'server' } })
      expect(answer.hints).toContain(kind)
      return answer.result!
    }

    it.each([
      ['move-closer', { closer: 1.4 }],
      ['turn-left', { turn: 0.6 }],
      ['turn-right', { turn: -0.6 }],
    ] as const)('lets a person in who does what %s asks', async (kind, movement) => {
      const { verdict, reasons, token } = await session(kind, movement)
      expect({ verdict, reasons }).toEqual({ verdict: 'live', reasons: [] })
      expect(await verify(token!)).toMatchObject({ sub: 'ada' })
    })

    it.each([
      ['turn-left', { turn: -0.6 }],
      ['move-closer', {}],
    ] as const)('asks again where the answer to %s is another movement or none', async (kind, movement) => {
      const { verdict, reasons, token } = await session(kind, movement)
      expect({ verdict, reasons, token }).toEqual({ verdict: 'retry', reasons: ['challenge-failed'], token: undefined })
    })
  },
)
