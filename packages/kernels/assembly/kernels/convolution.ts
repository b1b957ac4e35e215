import { madd, rectify } from './vector'

/** Copies row-major planes into larger ones, so that the kernel never leaves them. What surrounds them stays as it is. */
export function copyInside(
  input: usize,
  output: usize,
  channels: i32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  top: i32,
  left: i32,
): void {
  const bytes = (<usize>width) << 2
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const to = output + ((<usize>((c * outHeight + y + top) * outWidth + left)) << 2)
      memory.copy(to, input + ((<usize>((c * height + y) * width)) << 2), bytes)
    }
  }
}

/**
 * A convolution over all channels, from row-major planes with their border to blocked ones: the first layer of a network.
 *
 * @param weights for each octet of outputs, input channel and place of the kernel eight numbers
 * @param bias eight for each octet
 */
export function convolution(
  input: usize,
  weights: usize,
  bias: usize,
  output: usize,
  channels: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  octets: i32,
  outHeight: i32,
  outWidth: i32,
  relu: bool,
): void {
  const row = (<usize>width) << 2
  const plane = <usize>height * row
  const outPlane = (<usize>(outHeight * outWidth)) << 4
  const step = (<usize>stride) << 2
  const kernel = (<usize>(channels * kernelHeight * kernelWidth)) << 5
  for (let y = 0; y < outHeight; y++) {
    for (let octet = 0; octet < octets; octet++) {
      const w = weights + <usize>octet * kernel
      const b = bias + ((<usize>octet) << 5)
      const to = output + <usize>(2 * octet) * outPlane + ((<usize>(y * outWidth)) << 4)
      const from = input + <usize>(y * stride) * row
      for (let x = 0; x < outWidth; x += 4) {
        const at = from + <usize>x * step
        // Beyond the end of a row the pixels are computed from what is there, and dropped.
        fourPixels(
          at,
          w,
          b,
          to + ((<usize>x) << 4),
          channels,
          kernelHeight,
          kernelWidth,
          row,
          plane,
          step,
          outPlane,
          min(4, outWidth - x),
          relu,
        )
      }
    }
  }
}

function fourPixels(
  x: usize,
  w: usize,
  bias: usize,
  y: usize,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  row: usize,
  plane: usize,
  step: usize,
  outPlane: usize,
  count: i32,
  relu: bool,
): void {
  let a0 = v128.load(bias)
  let b0 = v128.load(bias, 16)
  let a1 = a0
  let b1 = b0
  let a2 = a0
  let b2 = b0
  let a3 = a0
  let b3 = b0
  for (let c = 0; c < channels; c++) {
    let from = x
    for (let ky = 0; ky < kernelHeight; ky++) {
      let p0 = from
      let p1 = p0 + step
      let p2 = p1 + step
      let p3 = p2 + step
      for (let kx = 0; kx < kernelWidth; kx++) {
        const u = v128.load(w)
        const v = v128.load(w, 16)
        let s = v128.load32_splat(p0)
        a0 = madd(s, u, a0)
        b0 = madd(s, v, b0)
        s = v128.load32_splat(p1)
        a1 = madd(s, u, a1)
        b1 = madd(s, v, b1)
        s = v128.load32_splat(p2)
        a2 = madd(s, u, a2)
        b2 = madd(s, v, b2)
        s = v128.load32_splat(p3)
        a3 = madd(s, u, a3)
        b3 = madd(s, v, b3)
        w += 32
        p0 += 4
        p1 += 4
        p2 += 4
        p3 += 4
      }
      from += row
    }
    x += plane
  }
  const z = y + outPlane
  put(y, z, a0, b0, relu, 0)
  if (count > 1) put(y, z, a1, b1, relu, 16)
  if (count > 2) put(y, z, a2, b2, relu, 32)
  if (count > 3) put(y, z, a3, b3, relu, 48)
}

function put(y: usize, z: usize, a: v128, b: v128, relu: bool, offset: usize): void {
  v128.store(y + offset, relu ? rectify(a) : a)
  v128.store(z + offset, relu ? rectify(b) : b)
}
