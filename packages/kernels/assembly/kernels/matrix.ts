/** One row of values times a matrix of `outputs x inputs`, plus bias: a fully connected layer. */
export function matrix(input: usize, weights: usize, bias: usize, output: usize, inputs: i32, outputs: i32): void {
  for (let o = 0; o < outputs; o++) {
    let sum = load<f32>(bias + ((<usize>o) << 2))
    for (let i = 0; i < inputs; i++) {
      sum += load<f32>(input + ((<usize>i) << 2)) * load<f32>(weights)
      weights += 4
    }
    store<f32>(output + ((<usize>o) << 2), sum)
  }
}
