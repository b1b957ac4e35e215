/** Operations with one number for each channel, of blocked planes. The numbers are in planes too: four for each. */
import { madd } from './vector'

/** x where it is positive, x times the channel's slope elsewhere. */
export function prelu(input: usize, slopes: usize, output: usize, planes: i32, pixels: i32): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < planes; i++) {
    const slope = v128.load(slopes)
    for (const end = output + ((<usize>pixels) << 4); output < end; output += 16) {
      const x = v128.load(input)
      v128.store(output, madd(f32x4.pmin(x, zero), slope, f32x4.pmax(x, zero)))
      input += 16
    }
    slopes += 16
  }
}

export function scale(input: usize, factors: usize, output: usize, planes: i32, pixels: i32): void {
  for (let i = 0; i < planes; i++) {
    const factor = v128.load(factors)
    for (const end = output + ((<usize>pixels) << 4); output < end; output += 16) {
      v128.store(output, f32x4.mul(v128.load(input), factor))
      input += 16
    }
    factors += 16
  }
}

/** The mean of each channel. */
export function mean(input: usize, output: usize, planes: i32, pixels: i32): void {
  const share = f32x4.splat(1 / <f32>pixels)
  for (let i = 0; i < planes; i++) {
    let sum = f32x4.splat(0)
    for (const end = input + ((<usize>pixels) << 4); input < end; input += 16) sum = f32x4.add(sum, v128.load(input))
    v128.store(output, f32x4.mul(sum, share))
    output += 16
  }
}
