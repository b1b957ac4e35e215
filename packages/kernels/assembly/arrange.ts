/** Weights in the order in which the kernels read them. Fills up with zeros, so that channels beyond the last are zero. */
import { allocate } from './onnx'

/** `outputs x inputs` to octets of outputs: for each octet and input eight numbers; inputs filled up to a multiple of `multiple`. */
export function inOctets(weights: usize, outputs: i32, inputs: i32, multiple: i32): usize {
  const filled = ((inputs + multiple - 1) / multiple) * multiple
  const arranged = allocate(((outputs + 7) & ~7) * filled)
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const to = ((o >> 3) * filled + i) * 8 + (o & 7)
      store<f32>(arranged + ((<usize>to) << 2), load<f32>(weights + ((<usize>(o * inputs + i)) << 2)))
    }
  }
  return arranged
}

/** `channels x places` to planes of four channels: for each plane and place four numbers; an even number of planes. */
export function inPlanes(weights: usize, channels: i32, places: i32): usize {
  const arranged = allocate(((channels + 7) & ~7) * places)
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < places; i++) {
      const to = ((c >> 2) * places + i) * 4 + (c & 3)
      store<f32>(arranged + ((<usize>to) << 2), load<f32>(weights + ((<usize>(c * places + i)) << 2)))
    }
  }
  return arranged
}

/** `channels` numbers, or zeros where there are none. */
export function biasOf(values: usize, channels: i32): usize {
  const arranged = allocate((channels + 7) & ~7)
  if (values != 0) memory.copy(arranged, values, (<usize>channels) << 2)
  return arranged
}
