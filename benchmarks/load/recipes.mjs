/** The recipes R1 to R8: each loads the server, and compares what came out with its goals. */
import { connect } from 'node:net'
import { round } from './generator.mjs'
import { hostilePictures, largePictures } from './pictures.mjs'

/** Seconds and counts: the long form answers questions of speed, the short form only whether anything breaks. */
export const LONG = {
  warm: 3,
  capacity: 10,
  r1: 60,
  r2: 30,
  r3: 60,
  calm: 10,
  burst: 400,
  bursts: 5,
  r6: 60,
  slow: 200,
  slowSeconds: 30,
  soak: 20_000,
}
export const SHORT = {
  warm: 1,
  capacity: 2,
  r1: 2,
  r2: 2,
  r3: 3,
  calm: 2,
  burst: 100,
  bursts: 1,
  r6: 3,
  slow: 20,
  slowSeconds: 3,
  soak: 100,
}

/** A goal with its figure. `fact` marks those that hold on a busy machine too; CI looks at no others. */
const goal = (text, value, pass, fact = false) => ({ text, value, pass, fact })
const noThirdStatus = ({ other, notSent = 0 }) =>
  goal(
    'every request is judged, or shed with 503 and Retry-After',
    other.slice(0, 5).join(', ') || 'yes',
    other.length === 0 && notSent === 0,
    true,
  )
const delayGoals = ({ delayMs }) => [
  goal('event loop p99 <= 20 ms', round(delayMs.p99), delayMs.p99 <= 20),
  goal('event loop max <= 100 ms', round(delayMs.max), delayMs.max <= 100),
]

/** @param context generator, pictures (picked by number), sizes, capacity (checks/s), `look` at the server's process */
export const RECIPES = {
  R1: async ({ generator, pick, sizes, look }) => {
    const before = await look()
    const result = await generator.closed({ connections: 8, seconds: sizes.r1, pick })
    const after = await look()
    const cpuMs = round((after.cpuMs - before.cpuMs) / result.judged.n)
    return {
      what: `closed loop, 8 connections, ${sizes.r1} s; ${cpuMs} ms of processor time a check`,
      cpuMs,
      result,
      process: after,
      goals: [
        goal('>= 150 checks/s', result.judged.perSecond, result.judged.perSecond >= 150),
        goal('>= 200 checks/s', result.judged.perSecond, result.judged.perSecond >= 200),
        noThirdStatus(result),
        ...delayGoals(after),
      ],
    }
  },

  R2: async ({ generator, pick, sizes, capacity }) => {
    const result = await generator.open({ rate: capacity / 2, seconds: sizes.r2, pick })
    return {
      what: `open loop at half of ${capacity}/s, ${sizes.r2} s`,
      result,
      goals: [
        goal('p50 <= 20 ms', result.judged.p50, result.judged.p50 <= 20),
        goal('p99 <= 80 ms', result.judged.p99, result.judged.p99 <= 80),
        goal('none shed', result.shed.n, result.shed.n === 0),
        noThirdStatus(result),
      ],
    }
  },

  R3: async ({ generator, pick, sizes, capacity, look }) => {
    const before = await look()
    const result = await generator.open({ rate: 2 * capacity, seconds: sizes.r3, pick })
    const after = await look()
    const calm = await generator.open({ rate: capacity / 2, seconds: sizes.calm, pick })
    return {
      what: `open loop at twice ${capacity}/s, ${sizes.r3} s, then ${sizes.calm} s at half`,
      result,
      calm,
      process: after,
      goals: [
        goal('judged p99 <= 500 ms', result.judged.p99, result.judged.p99 <= 500),
        goal('shed p99 <= 50 ms', result.shed.p99, result.shed.p99 !== null && result.shed.p99 <= 50),
        goal('judged >= 0.85 of capacity', result.judged.perSecond, result.judged.perSecond >= 0.85 * capacity),
        goal(
          'memory <= before + 100 MB',
          `${round(before.rssMb)} -> ${round(after.rssMb)} MB`,
          after.rssMb <= before.rssMb + 100,
          true,
        ),
        goal('afterwards all are judged', `${calm.judged.n} of ${calm.asked}`, calm.judged.n >= 0.99 * calm.asked),
        // What must hold on a machine that others use as well, where half of the capacity may be all there is.
        goal('afterwards most are judged', calm.judged.n, calm.judged.n >= 0.8 * calm.asked, true),
        noThirdStatus(result),
        ...delayGoals(after),
      ],
    }
  },

  R4: async ({ generator, pick, sizes }) => {
    const results = []
    for (let i = 0; i < sizes.bursts; i++) {
      results.push(await generator.open({ rate: sizes.burst * 10, seconds: 0.1, pick }))
    }
    const slowest = Math.max(...results.flatMap(({ judged, shed }) => [judged.max ?? 0, shed.max ?? 0]))
    return {
      what: `${sizes.bursts} x ${sizes.burst} requests in 100 ms`,
      results,
      goals: [
        goal(
          'none lost',
          results.map(({ answers }) => answers).join(', '),
          results.every((r) => r.answers === r.asked),
          true,
        ),
        goal('all answered within 3 s', `${slowest} ms`, slowest <= 3000),
        ...results.map(noThirdStatus),
      ],
    }
  },

  R6: async ({ generator, pick, sizes, look }) => {
    const large = await largePictures()
    const mixed = (i) => (i % 20 === 0 ? large[(i / 20) % large.length] : pick(i))
    const own = await generator.closed({ connections: 4, seconds: Math.min(10, sizes.r6), pick: mixed })
    const before = await look()
    const rate = own.judged.perSecond / 2
    const result = await generator.open({ rate, seconds: sizes.r6, pick: mixed })
    const after = await look()
    return {
      what: `1 of 20 pictures has 15.9 megapixels, half of their ${own.judged.perSecond}/s, ${sizes.r6} s`,
      result,
      goals: [
        goal(
          'memory <= before + 250 MB',
          `${round(before.rssMb)} -> ${round(after.rssMb)} MB`,
          after.rssMb <= before.rssMb + 250,
          true,
        ),
        goal('p99 <= 1 s', result.judged.p99, result.judged.p99 <= 1000),
        noThirdStatus(result),
      ],
    }
  },

  R7: async ({ generator, pick, sizes, capacity, port }) => {
    const calm = await generator.open({ rate: capacity / 4, seconds: Math.min(5, sizes.slowSeconds), pick })
    const slow = Array.from({ length: sizes.slow }, () => halfOpen(port, sizes.slowSeconds))
    const result = await generator.open({ rate: capacity / 4, seconds: sizes.slowSeconds, pick })
    const ends = await Promise.all(slow)
    const cut = ends.filter((end) => end === '408').length
    return {
      what: `${sizes.slow} clients that stop in the middle of a body, ${sizes.slowSeconds} s, normal traffic beside them`,
      result,
      ends: Object.fromEntries([...new Set(ends)].map((end) => [end, ends.filter((e) => e === end).length])),
      goals: [
        goal('each slow client is cut with 408', `${cut} of ${sizes.slow}`, cut === sizes.slow, true),
        goal(
          'normal p99 <= twice that without them',
          `${calm.judged.p99} -> ${result.judged.p99} ms`,
          result.judged.p99 <= 2 * calm.judged.p99,
        ),
        noThirdStatus(result),
      ],
    }
  },

  R8: async ({ generator, pick, sizes, look }) => {
    const hostile = hostilePictures(pick(0))
    const mixed = (i) => (i % 10 === 9 ? hostile[Math.floor(i / 10) % hostile.length] : pick(i))
    const settled = Math.floor(sizes.soak / 10)
    const first = await generator.closed({ connections: 2, count: settled, pick: mixed })
    const before = await look()
    const result = await generator.closed({ connections: 2, count: sizes.soak - settled, pick: mixed })
    const after = await look()
    return {
      what: `${first.answers + result.answers} checks, 2 in flight, 1 of 10 broken`,
      result,
      goals: [
        goal(
          'memory +10 % at most after the first tenth',
          `${round(before.rssMb)} -> ${round(after.rssMb)} MB`,
          after.rssMb <= 1.1 * before.rssMb,
        ),
        goal('memory bounded', `${round(after.rssMb)} MB`, after.rssMb <= before.rssMb + 150, true),
        goal(
          'threads and files constant',
          `${before.threads}, ${before.files} -> ${after.threads}, ${after.files}`,
          after.threads <= before.threads + 1 && after.files <= before.files + 4,
          true,
        ),
        goal('broken pictures are refused', result.refused, result.refused > 0, true),
        noThirdStatus(result),
      ],
    }
  },
}

/** Sends the beginning of a picture, then nothing. @returns the status it is cut with, or how else it ended */
function halfOpen(port, seconds) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const timer = setTimeout(() => end('still open'), (seconds + 5) * 1000)
    const end = (how) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(how)
    }
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', ({ code }) => end(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? code))
    socket.on('close', () => end(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'closed'))
    socket.write('POST /check HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n')
    socket.write(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))
  })
}
