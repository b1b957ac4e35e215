/** a * b + c, in one instruction and one rounding where the build and the processor have it. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/** max(x, 0); NaN stays NaN. */
export function rectify(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0))
}
