import { withLiveness } from '@unspoof/face-api' // 1: new
import { createCamera, showStream, videoFrames } from '@unspoof/web'
import * as faceapi from '@vladmandic/face-api'

const canvas = document.getElementById('canvas')
/** The image that is looked at: boxes are drawn on the visible one together with it, so they do not flicker. */
const still = document.createElement('canvas')
const context = canvas.getContext('2d', { willReadFrequently: true })
const status = document.getElementById('status')
const button = document.getElementById('camera')

const COLOURS = { live: '#1f9d63', spoof: '#d6453d', retry: '#c98a00' }

let models
function loadModels() {
  models ??= Promise.all([
    faceapi.nets.tinyFaceDetector.loadFromUri('./models'),
    faceapi.nets.faceLandmark68Net.loadFromUri('./models'),
  ])
  return models
}

async function judge() {
  await loadModels()
  const found = faceapi.detectAllFaces(still, new faceapi.TinyFaceDetectorOptions()).withFaceLandmarks()
  const faces = await withLiveness(found, still) // 2: was `await found`
  context.drawImage(still, 0, 0)
  for (const { detection, liveness } of faces) {
    const { x, y, width, height } = detection.box
    context.strokeStyle = COLOURS[liveness.verdict] // 3: was one colour for all
    context.lineWidth = Math.max(3, canvas.width / 160)
    context.strokeRect(x, y, width, height)
  }
  status.textContent =
    faces.length === 0 ? 'No face found.' : faces.map(({ liveness }) => liveness.hint || 'A live face.').join(' ')
  status.dataset.verdicts = faces.map(({ liveness }) => liveness.verdict).join(' ')
  globalThis.faces = faces // for the test
}

/** Setting a size empties a canvas, so it is set only when it changes. */
function take(source, width, height) {
  for (const target of [still, canvas]) {
    if (target.width !== width) target.width = width
    if (target.height !== height) target.height = height
  }
  still.getContext('2d', { willReadFrequently: true }).drawImage(source, 0, 0)
}

document.getElementById('file').addEventListener('change', async ({ target }) => {
  const [file] = target.files
  target.value = '' // the same file may be chosen again
  if (file === undefined) return
  stop()
  status.textContent = 'Looking…'
  delete status.dataset.verdicts
  const picture = await createImageBitmap(file).catch(() => undefined)
  if (picture === undefined) {
    status.textContent = 'The browser cannot open this file. Choose a picture.'
    return
  }
  take(picture, picture.width, picture.height)
  context.drawImage(still, 0, 0)
  await judge().catch(show)
})

const camera = createCamera({ width: 640, height: 480 })
const video = document.createElement('video')
let running

button.addEventListener('click', async () => {
  if (running !== undefined) return stop()
  running = new AbortController()
  const { signal } = running
  button.textContent = 'Stop camera'
  try {
    await showStream(video, await camera.start())
    status.textContent = 'Loading…'
    for await (const frame of videoFrames(video, { signal })) {
      take(frame, frame.videoWidth, frame.videoHeight)
      await judge()
    }
  } catch (error) {
    stop()
    show(error)
  }
})

function stop() {
  running?.abort()
  running = undefined
  camera.stop()
  button.textContent = 'Start camera'
}

function show(error) {
  status.textContent = error.hint ?? 'That did not work.'
}
