/**
 * The sums of the area mean of @unspoof/core in float32, four values at once. All is inlined and nothing allocates: the caller lays out the
 * memory, with 64 bytes of room behind the rows and the line.
 */

/** The weighted sum of `count` rows of `bytes` values, each `stride` bytes after the one before. */
export function sumRows(rows: usize, stride: usize, bytes: usize, shares: usize, count: i32, line: usize): void {
  for (let i: usize = 0; i < bytes; i += 16, line += 64) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    let row = rows + i
    for (let k = 0; k < count; k++, row += stride) {
      const share = v128.load32_splat(shares + ((<usize>k) << 2))
      const pixels = v128.load(row)
      const low = i16x8.extend_low_i8x16_u(pixels)
      const high = i16x8.extend_high_i8x16_u(pixels)
      a = f32x4.add(a, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)), share))
      b = f32x4.add(b, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)), share))
      c = f32x4.add(c, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)), share))
      d = f32x4.add(d, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)), share))
    }
    v128.store(line, a)
    v128.store(line, b, 16)
    v128.store(line, c, 32)
    v128.store(line, d, 48)
  }
}

/**
 * The weighted sums of the columns, rounded: three bytes for each of `width` pixels.
 * @param pixel bytes of one pixel in the line
 * @param doubtful receives the places in `out` whose value lies nearer than `doubt` to where rounding turns
 * @returns how many those are
 */
export function sumColumns(
  line: usize,
  pixel: usize,
  first: usize,
  weights: usize,
  taps: i32,
  width: i32,
  doubt: f32,
  out: usize,
  doubtful: usize,
): i32 {
  const low = f32x4.splat(doubt)
  const high = f32x4.splat(1 - doubt)
  let end = doubtful
  for (let x = 0; x < width; x++, first += 4, out += 3) {
    let sum = f32x4.splat(0.5)
    let at = line + <usize>load<i32>(first) * pixel
    for (let k = 0; k < taps; k++, weights += 4, at += pixel) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(at), v128.load32_splat(weights)))
    }
    const whole = i32x4.trunc_sat_f32x4_s(sum)
    const rest = f32x4.sub(sum, f32x4.convert_i32x4_s(whole))
    store<u8>(out, i32x4.extract_lane(whole, 0))
    store<u8>(out, i32x4.extract_lane(whole, 1), 1)
    store<u8>(out, i32x4.extract_lane(whole, 2), 2)
    // The fourth lane is alpha, or the next pixel.
    const unsure = i32x4.bitmask(v128.or(f32x4.lt(rest, low), f32x4.gt(rest, high))) & 7
    for (let c = 0; unsure >> c; c++) {
      if (((unsure >> c) & 1) == 0) continue
      store<i32>(end, 3 * x + c)
      end += 4
    }
  }
  return <i32>((end - doubtful) >> 2)
}
