/** The greatest value under each place of a square window that stays inside, of blocked planes. */
export function maxPool(
  input: usize,
  output: usize,
  planes: i32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  kernel: i32,
  stride: i32,
): void {
  const row = (<usize>width) << 4
  const plane = <usize>height * row
  for (let i = 0; i < planes; i++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        let from = input + <usize>(y * stride) * row + ((<usize>(x * stride)) << 4)
        let most = v128.load(from)
        for (let ky = 0; ky < kernel; ky++) {
          for (let kx = 0; kx < kernel; kx++) most = f32x4.max(most, v128.load(from + ((<usize>kx) << 4)))
          from += row
        }
        v128.store(output, most)
        output += 16
      }
    }
    input += plane
  }
}
