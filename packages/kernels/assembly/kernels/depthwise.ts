import { madd, rectify } from './vector'

/** Sizes of a depthwise convolution, in pixels. */
export class Window {
  constructor(
    public height: i32,
    public width: i32,
    public outHeight: i32,
    public outWidth: i32,
    public kernelHeight: i32,
    public kernelWidth: i32,
    public stride: i32,
    public top: i32,
    public left: i32,
  ) {}
}

/**
 * A depthwise convolution of blocked planes: each pixel of a plane is one vector of four channels, and so is each weight.
 *
 * @param weights for each plane and each place of the kernel four numbers
 * @param bias four for each plane
 * @param zeros a row of the input's width, of zeros
 */
export function depthwise(
  input: usize,
  weights: usize,
  bias: usize,
  output: usize,
  planes: i32,
  window: Window,
  zeros: usize,
  relu: bool,
): void {
  const row = (<usize>window.width) << 4
  const plane = <usize>window.height * row
  const kernel = (<usize>(window.kernelHeight * window.kernelWidth)) << 4
  const outRow = (<usize>window.outWidth) << 4
  const small = window.kernelHeight == 3 && window.kernelWidth == 3
  for (let i = 0; i < planes; i++) {
    for (let y = 0; y < window.outHeight; y++) {
      if (small) threeRows(input, weights, bias, output, window, y, row, zeros, relu)
      else for (let x = 0; x < window.outWidth; x++) onePixel(input, weights, bias, output, window, y, x, relu)
      output += outRow
    }
    input += plane
    weights += kernel
    bias += 16
  }
}

/** One row of outputs of a 3 x 3 kernel, with the nine weights in registers. Rows outside the picture are `zeros`. */
function threeRows(
  input: usize,
  weights: usize,
  bias: usize,
  output: usize,
  window: Window,
  y: i32,
  row: usize,
  zeros: usize,
  relu: bool,
): void {
  const above = y * window.stride - window.top
  let a = above >= 0 && above < window.height ? input + <usize>above * row : zeros
  let b = above + 1 >= 0 && above + 1 < window.height ? input + <usize>(above + 1) * row : zeros
  let c = above + 2 >= 0 && above + 2 < window.height ? input + <usize>(above + 2) * row : zeros
  const w0 = v128.load(weights)
  const w1 = v128.load(weights, 16)
  const w2 = v128.load(weights, 32)
  const w3 = v128.load(weights, 48)
  const w4 = v128.load(weights, 64)
  const w5 = v128.load(weights, 80)
  const w6 = v128.load(weights, 96)
  const w7 = v128.load(weights, 112)
  const w8 = v128.load(weights, 128)
  const start = v128.load(bias)

  // Outputs from `first` to `last` have all nine places inside.
  const first = min((window.left + window.stride - 1) / window.stride, window.outWidth)
  const room = window.width - 3 + window.left
  const last = room < 0 ? first : max(first, min(room / window.stride + 1, window.outWidth))
  let x = 0
  for (; x < first; x++) onePixel(input, weights, bias, output, window, y, x, relu)
  const skipped = (<usize>(first * window.stride - window.left)) << 4
  a += skipped
  b += skipped
  c += skipped
  const step = (<usize>window.stride) << 4
  for (; x < last; x++) {
    let top = madd(v128.load(a), w0, start)
    let middle = f32x4.mul(v128.load(b), w3)
    let bottom = f32x4.mul(v128.load(c), w6)
    top = madd(v128.load(a, 16), w1, top)
    middle = madd(v128.load(b, 16), w4, middle)
    bottom = madd(v128.load(c, 16), w7, bottom)
    top = madd(v128.load(a, 32), w2, top)
    middle = madd(v128.load(b, 32), w5, middle)
    bottom = madd(v128.load(c, 32), w8, bottom)
    let sum = f32x4.add(f32x4.add(top, middle), bottom)
    if (relu) sum = rectify(sum)
    v128.store(output + ((<usize>x) << 4), sum)
    a += step
    b += step
    c += step
  }
  for (; x < window.outWidth; x++) onePixel(input, weights, bias, output, window, y, x, relu)
}

/** One output of any kernel, of the places that are inside the picture. */
function onePixel(
  input: usize,
  weights: usize,
  bias: usize,
  output: usize,
  window: Window,
  y: i32,
  x: i32,
  relu: bool,
): void {
  const top = y * window.stride - window.top
  const left = x * window.stride - window.left
  const fromX = max(0, -left)
  const toX = min(window.kernelWidth, window.width - left)
  const toY = min(window.kernelHeight, window.height - top)
  let sum = v128.load(bias)
  for (let ky = max(0, -top); ky < toY; ky++) {
    let at = input + ((<usize>((top + ky) * window.width + left + fromX)) << 4)
    let w = weights + ((<usize>(ky * window.kernelWidth + fromX)) << 4)
    for (let kx = fromX; kx < toX; kx++) {
      sum = madd(v128.load(at), v128.load(w), sum)
      at += 16
      w += 16
    }
  }
  if (relu) sum = rectify(sum)
  v128.store(output + ((<usize>x) << 4), sum)
}
