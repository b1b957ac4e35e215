import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { installPerson, type Movement } from '@unspoof/test-utils/person'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from './harness.ts'
import { startSessions, type TestSessions } from './sessions.ts'

describe.skipIf(!hasChromium)(
  'movements, from the instruction to the verdict of the server',
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

    /** One session with a person who does `movements` when asked, and a camera that stalls for `stallMs` after the first held frame. */
    async function session(movements: Partial<Record<TestSessions['asked'], Movement>>, stallMs = 0, at = site) {
      const context = await browser.newContext()
      const page = await context.newPage()
      await installPerson(page)
      await page.goto(at.url)
      await page.waitForFunction('globalThis.ready')
      const answer = await page.evaluate(
        async ({ movements, stallMs }) => {
          const flow = unspoof.createLivenessFlow({
            session: '/liveness/sessions',
            liveness: { timeoutMs: 60_000 },
            camera: { width: 640, height: 480 },
          })
          flow.attach(document.querySelector('video'))
          const hints: string[] = []
          const steps: {
            kind: string
            of: number | undefined
            shownAt: number
            readingMs: number
            furthest: number
          }[] = []
          let stalled = false
          flow.subscribe(() => {
            const { hint, status, progress, step } = flow.getSnapshot()
            if (hint !== undefined && hints.at(-1) !== hint) hints.push(hint)
            if (status === 'capturing' && progress > 0 && !stalled) {
              stalled = true
              stall(stallMs)
            }
            if (step === undefined || step.kind === 'hold') return
            if (steps.length < step.index) {
              steps.push({ kind: step.kind, of: step.of, shownAt: performance.now(), readingMs: 0, furthest: 0 })
              act(movements[step.kind] ?? {})
            }
            const shown = steps.at(-1)!
            if (step.taken > 0 && shown.readingMs === 0) shown.readingMs = performance.now() - shown.shownAt
            shown.furthest = Math.max(shown.furthest, step.progress)
          })
          await flow.start()
          const { status, result, error, warning, step } = flow.getSnapshot()
          flow.stop()
          return { status, result, step, hints, steps, problem: error?.code ?? warning?.code, violations }
        },
        { movements, stallMs },
      )
      await context.close()
      expect(answer).toMatchObject({ status: 'done', problem: undefined, violations: [], result: { source: 'server' } })
      expect(answer.step).toBeUndefined()
      for (const { kind, readingMs, of } of answer.steps) {
        expect(answer.hints).toContain(kind)
        expect(of).toBe(answer.steps.length)
        // At the 700 ms of these sessions: one frame more is let pass while the person reads.
        expect(readingMs).toBeGreaterThan(1000)
      }
      return { ...answer.result!, steps: answer.steps }
    }

    const follow = { 'move-closer': { closer: 1.4, turn: 0 }, 'turn-left': { turn: 0.6 }, 'turn-right': { turn: -0.6 } }

    it.each(['move-closer', 'turn-left', 'turn-right'] as const)(
      'lets a person in who does what %s asks',
      async (kind) => {
        sessions.asked = kind
        const { verdict, reasons, token, steps } = await session(follow)
        expect({ verdict, reasons }).toEqual({ verdict: 'live', reasons: [] })
        expect(steps).toMatchObject([{ kind, furthest: 1 }])
        expect(await sessions.verify(token!)).toMatchObject({ sub: 'ada', steps: [kind] })
      },
    )

    it('lets a person in who does two movements, one after the other', async () => {
      const two = await startSessions(2)
      const its = await startSite({}, { handle: two.handle })
      const { verdict, reasons, steps } = await session(follow, 0, its)
      await its.close()
      await two.close()
      expect({ verdict, reasons, steps: steps.map(({ furthest }) => furthest) }).toEqual({
        verdict: 'live',
        reasons: [],
        steps: [1, 1],
      })
    })

    it('takes the held frames again where the device stalled, since the server would refuse them', async () => {
      sessions.asked = 'turn-left'
      const { verdict, reasons } = await session(follow, 3_500)
      expect({ verdict, reasons }).toEqual({ verdict: 'live', reasons: [] })
    })

    it.each([
      ['turn-left', { turn: -0.6 }],
      ['move-closer', {}],
    ] as const)('asks again where the answer to %s is another movement or none', async (kind, movement) => {
      sessions.asked = kind
      const { verdict, reasons, token, steps } = await session({ [kind]: movement })
      expect({ verdict, reasons, token }).toEqual({ verdict: 'retry', reasons: ['challenge-failed'], token: undefined })
      expect(steps[0]!.furthest).toBeLessThan(1)
    })
  },
)
