/** The sums of the core's area mean in WebAssembly: the same bytes in a quarter of the time (docs/benchmarks/performance.md). */
import { type AreaKernel, setAreaKernel } from '@unspoof/core'
import { AREA_WASM } from './area-wasm.ts'

/** What is used of it: the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

/** What assembly/area.ts exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  sumRows(rows: number, stride: number, bytes: number, shares: number, count: number, line: number): void
  sumColumns(
    line: number,
    pixel: number,
    first: number,
    weights: number,
    taps: number,
    width: number,
    doubt: number,
    out: number,
    doubtful: number,
  ): number
}

/** Memory of WebAssembly never shrinks. Larger crops, of faces many thousands of pixels wide, are left to the core. */
const MAX_BYTES = 4 * 1024 * 1024
const PAGE = 65_536
/** Bytes that vectors may read or write behind what they are for. */
const ROOM = 64

let installed = false

/** From now on this thread's crops are summed in WebAssembly, where the processor has what V8 needs for its vectors. */
export function installAreaKernel(): void {
  if (installed) return
  installed = true
  try {
    setAreaKernel(createAreaKernel())
  } catch {
    // The core's own sums are slower and give the same bytes.
  }
}

/** @throws CompileError without vectors of 128 bits */
export function createAreaKernel(): AreaKernel {
  const module = new WebAssembly.Module(Buffer.from(AREA_WASM, 'base64'))
  const { memory, sumRows, sumColumns } = new WebAssembly.Instance(module).exports as Exports
  return ({ data, channels, length, inside, outside, across, rows, doubt }) => {
    const run = inside.end - inside.start
    const stride = (run + 15) & ~15
    const width = across.first.length
    let size = 0
    const place = (bytes: number): number => {
      const at = size
      size += (bytes + ROOM + 15) & ~15
      return at
    }
    const rowsAt = place(rows * stride)
    const sharesAt = place(4 * rows)
    const lineAt = place(4 * length)
    const firstAt = place(4 * width)
    const weightAt = place(4 * across.weight.length)
    const outAt = place(3 * width)
    const doubtfulAt = place(12 * width)
    if (size > MAX_BYTES) return undefined
    const missing = size - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE))

    const { buffer } = memory
    const bytes = new Uint8Array(buffer)
    // What is black in the line, what unused taps reach, and what a vector reads behind a row.
    bytes.fill(0, 0, firstAt)
    const line = new Float32Array(buffer, lineAt, length)
    const shareOf = new Float32Array(buffer, sharesAt, rows)
    new Int32Array(buffer, firstAt, width).set(across.first)
    new Float32Array(buffer, weightAt, across.weight.length).set(across.weight)
    const row = bytes.subarray(outAt, outAt + 3 * width)
    const places = new Int32Array(buffer, doubtfulAt, 3 * width)
    const runAt = lineAt + 4 * inside.start
    return (starts, shares, count, out, doubtful) => {
      for (let k = 0; k < count; k++) {
        const start = starts[k]!
        bytes.set(data.subarray(start, start + run), rowsAt + k * stride)
        shareOf[k] = shares[k]!
      }
      sumRows(rowsAt, stride, run, sharesAt, count, runAt)
      for (let i = 0; i < outside.length; i += 2) line[outside[i]!] = line[outside[i + 1]!]!
      // Twice: these sums are as far off as OpenCV's may be.
      const doubts = sumColumns(
        lineAt,
        4 * channels,
        firstAt,
        weightAt,
        across.count,
        width,
        2 * doubt,
        outAt,
        doubtfulAt,
      )
      out.set(row)
      for (let i = 0; i < doubts; i++) doubtful[i] = places[i]!
      return doubts
    }
  }
}
