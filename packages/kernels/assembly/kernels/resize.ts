import { madd } from './vector'

/**
 * Bilinear enlargement of blocked planes, pixel centres at halves (ONNX `half_pixel`): output x lies at
 * `(x + 0.5) * width / outWidth - 0.5`, kept inside.
 */
export function resizeLinear(
  input: usize,
  output: usize,
  planes: i32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const row = (<usize>width) << 4
  const plane = <usize>height * row
  for (let i = 0; i < planes; i++) {
    for (let y = 0; y < outHeight; y++) {
      const v = place(y, height, outHeight)
      const above = <i32>v
      const a = input + <usize>above * row
      const b = input + <usize>min(above + 1, height - 1) * row
      const down = f32x4.splat(v - <f32>above)
      for (let x = 0; x < outWidth; x++) {
        const u = place(x, width, outWidth)
        const before = <i32>u
        const left = (<usize>before) << 4
        const right = (<usize>min(before + 1, width - 1)) << 4
        const across = f32x4.splat(u - <f32>before)
        const upper = mix(v128.load(a + left), v128.load(a + right), across)
        const lower = mix(v128.load(b + left), v128.load(b + right), across)
        v128.store(output, mix(upper, lower, down))
        output += 16
      }
    }
    input += plane
  }
}

function place(x: i32, size: i32, outSize: i32): f32 {
  return min(max((<f32>x + 0.5) * (<f32>size / <f32>outSize) - 0.5, 0), <f32>(size - 1))
}

function mix(a: v128, b: v128, share: v128): v128 {
  return madd(f32x4.sub(b, a), share, a)
}
