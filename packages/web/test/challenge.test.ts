import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { installPerson, type Movement } from '@unspoof/test-utils/person'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from './harness.ts'
import { startSessions, type TestSessions } from './sessions.ts'

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

    /** One session with a person who does `movement` when asked, and a camera that stalls for `stallMs` after the first held frame. */
    async function session(kind: TestSessions['asked'], movement: Movement, stallMs = 0) {
      sessions.asked = kind
      const context = await browser.newContext()
      const page = await context.newPage()
      await installPerson(page)
      await page.goto(site.url)
      await page.waitForFunction('globalThis.ready')
      const answer = await page.evaluate(
        async ({ movement, stallMs }) => {
          const flow = unspoof.createLivenessFlow({
            session: '/liveness/sessions',
            liveness: { timeoutMs: 60_000 },
            camera: { width: 640, height: 480 },
          })
          flow.attach(document.querySelector('video'))
          const hints: string[] = []
          const once = new Set<string>()
          const first = (what: string): boolean => once.size < once.add(what).size
          let shownAt = 0
          let held = 0
          let readingMs = 0
          flow.subscribe(() => {
            const { challenge, hint, status, progress } = flow.getSnapshot()
            if (challenge !== undefined && shownAt === 0) [shownAt, held] = [performance.now(), progress]
            if (shownAt > 0 && readingMs === 0 && progress > held) readingMs = performance.now() - shownAt
            if (hint !== undefined && hints.at(-1) !== hint) hints.push(hint)
            if (status === 'capturing' && progress > 0 && first('frame')) stall(stallMs)
            if (challenge !== undefined && first('challenge')) act(movement)
          })
          await flow.start()
          const { status, result, error, warning } = flow.getSnapshot()
          flow.stop()
          return { status, result, hints, readingMs, problem: error?.code ?? warning?.code, violations }
        },
        { movement, stallMs },
      )
      await context.close()
      expect(answer).toMatchObject({ status: 'done', problem: undefined, violations: [], result: { source: 'server' } })
      expect(answer.hints).toContain(kind)
      // At the 700 ms of these sessions: one frame more is let pass while the person reads.
      expect(answer.readingMs).toBeGreaterThan(1000)
      return answer.result!
    }

    it.each([
      ['move-closer', { closer: 1.4 }],
      ['turn-left', { turn: 0.6 }],
      ['turn-right', { turn: -0.6 }],
    ] as const)('lets a person in who does what %s asks', async (kind, movement) => {
      const { verdict, reasons, token } = await session(kind, movement)
      expect({ verdict, reasons }).toEqual({ verdict: 'live', reasons: [] })
      expect(await sessions.verify(token!)).toMatchObject({ sub: 'ada' })
    })

    it('takes the held frames again where the device stalled, since the server would refuse them', async () => {
      const { verdict, reasons } = await session('turn-left', { turn: 0.6 }, 3_500)
      expect({ verdict, reasons }).toEqual({ verdict: 'live', reasons: [] })
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
