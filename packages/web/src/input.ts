/** What a page may pass as a picture, and how it travels to the worker. */
import { type Frame, isFrame, LivenessError } from '@unspoof/core'
import type { WireImage } from './protocol.ts'

/** Everything that has pixels in a page. The caller's object is never consumed. */
export type WebInput =
  | HTMLVideoElement
  | HTMLCanvasElement
  | HTMLImageElement
  | OffscreenCanvas
  | ImageBitmap
  | VideoFrame
  | ImageData
  | Blob
  | Frame

export interface Parcel {
  readonly image: WireImage
  readonly transfer: Transferable[]
}

/**
 * Makes a copy that can be handed to the worker without copying again.
 * @throws LivenessError INPUT_INVALID for anything else, for pictures of other sites, and for videos without a picture yet.
 */
export async function pack(input: WebInput): Promise<Parcel> {
  if (isA(input, 'VideoFrame')) {
    const frame = (input as VideoFrame).clone()
    return { image: { kind: 'video-frame', frame }, transfer: [frame] }
  }
  if (isA(input, 'Blob')) return { image: { kind: 'blob', blob: input as Blob }, transfer: [] }
  if (isA(input, 'ImageData')) {
    const { data, width, height } = input as ImageData
    return pixels(new Uint8ClampedArray(data), width, height)
  }
  if (isA(input, 'HTMLVideoElement')) {
    const video = input as HTMLVideoElement
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) {
      throw new LivenessError('INPUT_INVALID', 'This video has no picture yet; wait for its "playing" event.')
    }
    return bitmap(video)
  }
  if (['HTMLCanvasElement', 'OffscreenCanvas', 'ImageBitmap', 'HTMLImageElement'].some((name) => isA(input, name))) {
    return bitmap(input as HTMLCanvasElement | OffscreenCanvas | ImageBitmap | HTMLImageElement)
  }
  if (isFrame(input))
    return pixels(input.channels === 4 ? new Uint8Array(input.data) : addAlpha(input), input.width, input.height)
  throw new LivenessError(
    'INPUT_INVALID',
    'Expected a video, canvas, image, ImageBitmap, VideoFrame, ImageData, File, Blob or Frame.',
  )
}

async function bitmap(source: ImageBitmapSource): Promise<Parcel> {
  try {
    const made = await createImageBitmap(source)
    return { image: { kind: 'bitmap', bitmap: made }, transfer: [made] }
  } catch (error) {
    throw new LivenessError('INPUT_INVALID', 'The pixels of this element cannot be read.', {
      cause: error,
      hint: 'Wait until it has loaded, and serve it from your own site.',
    })
  }
}

function pixels(data: Uint8Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>, width: number, height: number): Parcel {
  return { image: { kind: 'pixels', data, width, height }, transfer: [data.buffer] }
}

function addAlpha(frame: Frame): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(frame.width * frame.height * 4).fill(255)
  for (let from = 0, to = 0; from < frame.data.length; from += 3, to += 4) {
    rgba[to] = frame.data[from]!
    rgba[to + 1] = frame.data[from + 1]!
    rgba[to + 2] = frame.data[from + 2]!
  }
  return rgba
}

/** By tag and not by `instanceof`, so that objects of another window (an iframe, a popup) work, and missing classes too. */
function isA(value: unknown, name: string): boolean {
  const tag = Object.prototype.toString.call(value)
  return tag === `[object ${name}]` || (name === 'Blob' && tag === '[object File]')
}

/** Frees what was packed but not sent. */
export function discard({ image }: Parcel): void {
  if (image.kind === 'bitmap') image.bitmap.close()
  else if (image.kind === 'video-frame') image.frame.close()
}
