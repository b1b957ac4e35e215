/** Whether the image is so dark that no face can be found in it: a covered lens, or a room without light. */

const SIDE = 16

/** Mean luma, 0..255, below which nobody can be seen. */
const DARK = 20

let context: CanvasRenderingContext2D | null | undefined

/** Looks at a thumbnail: a fraction of a millisecond. */
export function isDark(video: HTMLVideoElement): boolean {
  context ??= Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE }).getContext('2d', {
    alpha: false,
    willReadFrequently: true,
  })
  if (!context) return false
  context.drawImage(video, 0, 0, SIDE, SIDE)
  const { data } = context.getImageData(0, 0, SIDE, SIDE)
  let sum = 0
  for (let i = 0; i < data.length; i += 4) sum += 0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!
  return sum / (SIDE * SIDE) < DARK
}
