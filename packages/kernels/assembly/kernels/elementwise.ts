import { rectify } from './vector'

export enum Binary {
  Add,
  Sub,
  Mul,
  Div,
}

export enum Unary {
  Relu,
  Neg,
  Tanh,
  Sigmoid,
  Softplus,
}

/** a + b of `size` values, a multiple of 4, with or without ReLU. */
export function add(a: usize, b: usize, output: usize, size: i32, relu: bool): void {
  for (const end = output + ((<usize>size) << 2); output < end; output += 16) {
    const sum = f32x4.add(v128.load(a), v128.load(b))
    v128.store(output, relu ? rectify(sum) : sum)
    a += 16
    b += 16
  }
}

/** max(x, 0) of `size` values, a multiple of 4. */
export function relu(input: usize, output: usize, size: i32): void {
  for (const end = output + ((<usize>size) << 2); output < end; output += 16) {
    v128.store(output, rectify(v128.load(input)))
    input += 16
  }
}

/** One value after the other, for the few at the end of a network and for weights when it is loaded. */
export function unary(op: Unary, input: usize, output: usize, size: i32): void {
  for (let i = 0; i < size; i++) {
    const at = (<usize>i) << 2
    store<f32>(output + at, one(op, load<f32>(input + at)))
  }
}

function one(op: Unary, x: f32): f32 {
  if (op == Unary.Neg) return -x
  if (op == Unary.Relu) return x < 0 ? 0 : x
  const wide = <f64>x
  if (op == Unary.Tanh) return <f32>Math.tanh(wide)
  if (op == Unary.Sigmoid) return <f32>(1 / (1 + Math.exp(-wide)))
  // log(1 + e^x) without overflow.
  return <f32>(Math.max(wide, 0) + Math.log1p(Math.exp(-Math.abs(wide))))
}

/**
 * With numpy's broadcasting, already resolved.
 * @param dims of the output, at least one
 * @param strideA distance in values between neighbours of `a` in each dimension, 0 where it repeats; strideB likewise
 * @param place room for one number a dimension
 */
export function binary(
  op: Binary,
  a: usize,
  strideA: StaticArray<i32>,
  b: usize,
  strideB: StaticArray<i32>,
  output: usize,
  dims: StaticArray<i32>,
  place: StaticArray<i32>,
  size: i32,
): void {
  const last = dims.length - 1
  const count = dims[last]
  const stepA = (<usize>strideA[last]) << 2
  const stepB = (<usize>strideB[last]) << 2
  for (let done = 0; done < size; done += count) {
    let x = a
    let y = b
    for (let i = 0; i < count; i++) {
      store<f32>(output, two(op, load<f32>(x), load<f32>(y)))
      x += stepA
      y += stepB
      output += 4
    }
    // To the next row.
    for (let d = last - 1; d >= 0; d--) {
      a += (<usize>strideA[d]) << 2
      b += (<usize>strideB[d]) << 2
      if (++place[d] < dims[d]) break
      a -= (<usize>(place[d] * strideA[d])) << 2
      b -= (<usize>(place[d] * strideB[d])) << 2
      place[d] = 0
    }
  }
}

function two(op: Binary, x: f32, y: f32): f32 {
  if (op == Binary.Add) return x + y
  if (op == Binary.Sub) return x - y
  return op == Binary.Mul ? x * y : x / y
}
