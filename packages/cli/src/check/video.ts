/** Frames of a video file, decoded by the ffmpeg on the PATH; nothing is written to disk. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createFrame, type Frame, LivenessError } from '@unspoof/core'

/** Frames a second that are judged: faster ones are nearly the same picture. */
export const VIDEO_FPS = 5

/** Longest header of a PPM frame we read: "P6\n99999 99999\n255\n". */
const MAX_HEADER = 32

/**
 * Upright RGB frames of a video, one at a time; ffmpeg is stopped when the reader stops.
 * @throws LivenessError RUNTIME_MISSING where there is no ffmpeg; IMAGE_CORRUPT for a file ffmpeg finds no video in.
 */
export async function* videoFrames(file: string, fps = VIDEO_FPS): AsyncGenerator<Frame> {
  const child = spawn(
    'ffmpeg',
    [
      ...['-nostdin', '-loglevel', 'error'],
      // A file may name others, even on the network: it is read as a file and nothing else.
      ...['-protocol_whitelist', 'file', '-i', `file:${path.resolve(file)}`],
      // Large pictures are shrunk: a face fills a video more than a photo, and frames are many.
      ...['-an', '-sn', '-dn', '-vf', `fps=${fps},scale='min(1920,iw)':-2`],
      ...['-f', 'image2pipe', '-c:v', 'ppm', 'pipe:1'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const exited = once(child, 'close')
  let failure: unknown
  exited.catch((error: unknown) => {
    failure = error
  })
  let frames = 0
  try {
    for await (const frame of splitPpm(child.stdout)) {
      frames++
      yield frame
    }
    await exited.catch(() => undefined)
    if (frames === 0) {
      if ((failure as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
        throw new LivenessError('RUNTIME_MISSING', 'Videos need ffmpeg, which is not on the PATH.', {
          hint: 'Install ffmpeg, or save the frames into a folder and use --sequence.',
        })
      }
      throw new LivenessError('IMAGE_CORRUPT', 'ffmpeg finds no video in this file.')
    }
  } finally {
    child.kill('SIGKILL')
  }
}

/** PPM pictures one after the other: a header of text, then width x height x 3 bytes. */
async function* splitPpm(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let pending: Buffer[] = []
  let length = 0
  let need = 0
  let size: { start: number; width: number; height: number } | undefined
  for await (const chunk of stream) {
    pending.push(chunk)
    length += chunk.length
    for (;;) {
      if (size === undefined) {
        if (length === 0) break
        const head = length > MAX_HEADER ? Buffer.concat(pending) : Buffer.concat(pending, length)
        pending = [head]
        const match = /^P6\s(\d+)\s(\d+)\s255\s/.exec(head.toString('latin1', 0, MAX_HEADER))
        if (match === null) {
          if (length >= MAX_HEADER)
            throw new LivenessError('IMAGE_CORRUPT', 'ffmpeg gave something that is not a frame.')
          break
        }
        size = { start: match[0].length, width: Number(match[1]), height: Number(match[2]) }
        need = size.start + size.width * size.height * 3
      }
      if (length < need) break
      const all = Buffer.concat(pending)
      const { start, width, height } = size
      const data = new Uint8Array(all.subarray(start, need))
      pending = [all.subarray(need)]
      length -= need
      size = undefined
      yield createFrame({ data, width, height, channels: 3 })
    }
  }
}
