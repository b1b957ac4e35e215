import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launchChromium } from '../../../test/browser/chromium.ts'
import { installPerson, type Movement } from '../../../test/browser/person.ts'
import { type Site, startSite } from './harness.ts'
import { startSessions, type TestSessions } from './sessions.ts'

/** What the server rightly says of frames that came late or twice: a finding about the machine of the test, not about the person. */
const TOO_BUSY: ReadonlySet<string> = new Set(['frame-timing', 'frozen-frames', 'timed-out'])

describe.skipIf(!hasChromium)(
  'challenges, from the instruction to the verdict of the server',
  { timeout: 300_000 },
  () => {
    let browser: Browser
    let site: Site
    let sessions: TestSessions

    beforeAll(async () => {
      browser = await launchChromium()
      sessions = await startSessions()
      site = await startSite({}, { handle: sessions.handle })
    })
    afterAll(async () => {
      await browser?.close()
      await site?.close()
      await sessions?.close()
    })

    /** One session with a person who does `movement` when asked; another where the machine was too busy to film it. */
    async function session(kind: TestSessions['asked'], movement: Movement) {
      for (let left = 3; ; left--) {
        const result = await trySession(kind, movement)
        if (left === 0 || !result.reasons.some((code) => TOO_BUSY.has(code))) return result
      }
    }

    async function trySession(kind: TestSessions['asked'], movement: Movement) {
      sessions.asked = kind
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
      // The detector's key points tell less of a turn to this side.
      ['turn-right', { turn: -0.85 }],
    ] as const)('lets a person in who does what %s asks', async (kind, movement) => {
      const { verdict, reasons, token } = await session(kind, movement)
      expect({ verdict, reasons }).toEqual({ verdict: 'live', reasons: [] })
      expect(await sessions.verify(token!)).toMatchObject({ sub: 'ada' })
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
