/**
 * One network in one WebAssembly instance: make `room` for an ONNX file, write it, `load` it; then write inputs, `run`, read outputs. What
 * cannot be computed exactly is refused when it is loaded: `env.abort` is called with a message, and must throw. Values are float32.
 */
import { compile, Network, Terminal } from './network'
import { readModel } from './onnx'

let network: Network = new Network()

/** @returns where to write a file of so many bytes */
export function room(bytes: usize): usize {
  return heap.alloc(bytes)
}

export function load(at: usize, bytes: usize): void {
  network = compile(readModel(at, bytes))
}

/** Runs the network for one picture. */
export function run(): void {
  network.run()
}

export function inputs(): i32 {
  return network.inputs.length
}

export function outputs(): i32 {
  return network.outputs.length
}

/** Inputs and outputs are numbered together, inputs first. */
function terminal(i: i32): Terminal {
  const count = network.inputs.length
  return i < count ? network.inputs[i] : network.outputs[i - count]
}

export function name(i: i32): string {
  return terminal(i).name
}

export function rank(i: i32): i32 {
  return terminal(i).dims.length
}

/** Size of one dimension; -1 where the file leaves it open. */
export function size(i: i32, dimension: i32): i32 {
  return terminal(i).dims[dimension]
}

/** Where the values of one picture are. */
export function data(i: i32): usize {
  return terminal(i).value.data
}
