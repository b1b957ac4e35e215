/** One frame of a video as the JPEG a server asked for. */
import { LivenessError } from '@unspoof/core'

export interface JpegOptions {
  /** The longer side of the picture at most, in pixels. */
  readonly maxSide: number
  /** 0..1 */
  readonly quality: number
}

export interface JpegCapture {
  /** The whole frame, not mirrored, always of the size of the first. Drawing takes the pixels at once; the rest is asynchronous. */
  capture(video: HTMLVideoElement): Promise<Blob>
}

/** @throws LivenessError (on capture) CAMERA_ENDED where the camera turned or changed its size between two frames. */
export function createJpegCapture({ maxSide, quality }: JpegOptions): JpegCapture {
  let size: { readonly width: number; readonly height: number; readonly of: string } | undefined
  return {
    async capture(video) {
      const of = `${video.videoWidth}x${video.videoHeight}`
      if (size === undefined) {
        const scale = Math.min(1, maxSide / Math.max(video.videoWidth, video.videoHeight))
        size = { width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale), of }
      }
      if (size.of !== of) throw new LivenessError('CAMERA_ENDED', 'The device was turned while frames were taken.')
      // A canvas for each frame: encoding reads it after this function has returned.
      const canvas = document.createElement('canvas')
      canvas.width = size.width
      canvas.height = size.height
      const context = canvas.getContext('2d', { alpha: false })
      if (context === null) throw new LivenessError('CAMERA_UNSUPPORTED', 'This browser has no canvas.')
      context.drawImage(video, 0, 0, size.width, size.height)
      return new Promise((resolve, reject) => {
        canvas.toBlob(
          (blob) =>
            blob === null
              ? reject(new LivenessError('CAMERA_UNSUPPORTED', 'This browser cannot make a JPEG.'))
              : resolve(blob),
          'image/jpeg',
          quality,
        )
      })
    },
  }
}
