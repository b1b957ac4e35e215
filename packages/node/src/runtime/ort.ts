/** The part of onnxruntime-node that is used, as types of our own: the package is optional, so our types must not need it. */

export interface OrtMetadata {
  readonly name: string
  readonly isTensor: boolean
  readonly type?: unknown
  readonly shape?: readonly (number | string)[]
}

export interface OrtSession {
  readonly inputMetadata: readonly OrtMetadata[]
  readonly outputMetadata: readonly OrtMetadata[]
  run(feeds: Readonly<Record<string, never>>): Promise<Readonly<Record<string, unknown>>>
  release(): Promise<void>
}

/** `import('onnxruntime-node')`, or another copy of it. */
export interface Ort {
  readonly InferenceSession: { create(bytes: Uint8Array, options?: never): Promise<OrtSession> }
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown
  readonly env?: { readonly versions: { readonly node?: string | undefined } }
}
