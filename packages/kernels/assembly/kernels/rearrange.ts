/** Blocked planes to row-major `channels x pixels`. */
export function toPlanes(input: usize, output: usize, channels: i32, pixels: i32): void {
  for (let c = 0; c < channels; c++) {
    let from = input + ((<usize>(c >> 2) * <usize>pixels) << 4) + ((<usize>(c & 3)) << 2)
    for (let p = 0; p < pixels; p++) {
      store<f32>(output, load<f32>(from))
      output += 4
      from += 16
    }
  }
}

/** Blocked planes to row-major `pixels x channels`. */
export function toPixels(input: usize, output: usize, channels: i32, pixels: i32): void {
  const plane = (<usize>pixels) << 4
  for (let p = 0; p < pixels; p++) {
    for (let c = 0; c < channels; c++) {
      store<f32>(output, load<f32>(input + <usize>(c >> 2) * plane + ((<usize>p) << 4) + ((<usize>(c & 3)) << 2)))
      output += 4
    }
  }
}

/** Copies `count` stretches of `size` values. All distances are in values. */
export function copyStretches(
  input: usize,
  inputStep: i32,
  output: usize,
  outputStep: i32,
  size: i32,
  count: i32,
): void {
  const bytes = (<usize>size) << 2
  for (let i = 0; i < count; i++) {
    memory.copy(output, input, bytes)
    input += (<usize>inputStep) << 2
    output += (<usize>outputStep) << 2
  }
}
