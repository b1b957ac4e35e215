import { madd, rectify } from './vector'

/**
 * A 1 x 1 convolution of blocked planes: a matrix product of four pixels by eight channels at a time, which is as many sums
 * as fit in the sixteen vector registers of x86.
 *
 * @param weights for each octet of outputs and each input channel eight numbers
 * @param bias eight for each octet
 * @param skip blocked planes to add to the first `skipOctets` octets, for residual connections
 */
export function pointwise(
  input: usize,
  weights: usize,
  bias: usize,
  skip: usize,
  skipOctets: i32,
  output: usize,
  planes: i32,
  pixels: i32,
  octets: i32,
  relu: bool,
): void {
  const plane = (<usize>pixels) << 4
  // Pixels whose channels stay in the first-level cache (16 KB) while all weights pass.
  const panel = max(4, (1024 / planes) & ~3)
  for (let from = 0; from < pixels; from += panel) {
    const to = min(from + panel, pixels)
    for (let octet = 0; octet < octets; octet++) {
      const w = weights + ((<usize>(octet * planes)) << 7)
      const b = bias + ((<usize>octet) << 5)
      const above = <usize>(2 * octet) * plane
      const s: usize = octet < skipOctets ? skip + above : 0
      const fours = from + ((to - from) & ~3)
      fourByFour(input, w, b, s, output + above, planes, plane, from, fours, relu)
      for (let p = fours; p < to; p++) {
        const at = (<usize>p) << 4
        onePixel(input + at, w, b, s == 0 ? 0 : s + at, output + above + at, planes, plane, relu)
      }
    }
  }
}

/**
 * One octet of outputs of the pixels `from` to `to`, four at a time. The inner loop takes one channel a turn: written out for four, the compiler's
 * optimiser gathers the loads of all at the front, more than there are registers, and a run takes twice the time.
 */
function fourByFour(
  input: usize,
  weights: usize,
  bias: usize,
  skip: usize,
  output: usize,
  planes: i32,
  plane: usize,
  from: i32,
  to: i32,
  relu: bool,
): void {
  for (let p = from; p < to; p += 4) {
    const at = (<usize>p) << 4
    let x = input + at
    let w = weights
    let a0 = v128.load(bias)
    let b0 = v128.load(bias, 16)
    let a1 = a0
    let b1 = b0
    let a2 = a0
    let b2 = b0
    let a3 = a0
    let b3 = b0
    for (let i = 0; i < planes; i++) {
      for (const next = x + 16; x < next; x += 4) {
        const u = v128.load(w)
        const v = v128.load(w, 16)
        let s = v128.load32_splat(x)
        a0 = madd(s, u, a0)
        b0 = madd(s, v, b0)
        s = v128.load32_splat(x, 16)
        a1 = madd(s, u, a1)
        b1 = madd(s, v, b1)
        s = v128.load32_splat(x, 32)
        a2 = madd(s, u, a2)
        b2 = madd(s, v, b2)
        s = v128.load32_splat(x, 48)
        a3 = madd(s, u, a3)
        b3 = madd(s, v, b3)
        w += 32
      }
      x += plane - 16
    }
    const y = output + at
    const z = y + plane
    const s: usize = skip == 0 ? 0 : skip + at
    const t: usize = skip == 0 ? 0 : s + plane
    finish(y, a0, s, relu, 0)
    finish(y, a1, s, relu, 16)
    finish(y, a2, s, relu, 32)
    finish(y, a3, s, relu, 48)
    finish(z, b0, t, relu, 0)
    finish(z, b1, t, relu, 16)
    finish(z, b2, t, relu, 32)
    finish(z, b3, t, relu, 48)
  }
}

function onePixel(x: usize, w: usize, bias: usize, skip: usize, y: usize, planes: i32, plane: usize, relu: bool): void {
  let a = v128.load(bias)
  let b = v128.load(bias, 16)
  for (let i = 0; i < planes; i++) {
    for (const next = x + 16; x < next; x += 4) {
      const s = v128.load32_splat(x)
      a = madd(s, v128.load(w), a)
      b = madd(s, v128.load(w, 16), b)
      w += 32
    }
    x += plane - 16
  }
  finish(y, a, skip, relu, 0)
  finish(y + plane, b, skip == 0 ? 0 : skip + plane, relu, 0)
}

function finish(y: usize, sum: v128, skip: usize, relu: bool, offset: usize): void {
  if (skip != 0) sum = f32x4.add(sum, v128.load(skip + offset))
  if (relu) sum = rectify(sum)
  v128.store(y + offset, sum)
}
