// The page: sends a picture to the server, draws what it answers. No framework, no build step.

const $ = (id) => document.getElementById(id)
const view = $('view')
const video = $('video')

const WORDS = {
  live: 'A live face',
  spoof: 'Not a live face',
  retry: 'Cannot tell: please try again',
}

let latest = 0
let stream
let shown // the picture on the canvas, for judging it again at another operating point

$('file').addEventListener('change', (event) => {
  const [file] = event.target.files
  if (file) void judge(file)
  event.target.value = ''
})
$('point').addEventListener('change', () => {
  if (shown) void judge(shown)
})
$('camera').addEventListener('click', () => (stream ? stopCamera() : void startCamera()))
$('shoot').addEventListener('click', () => void shoot())
document.addEventListener('paste', (event) => {
  const file = [...event.clipboardData.files].find((f) => f.type.startsWith('image/'))
  if (file) void judge(file)
})
$('drop').addEventListener('dragover', (event) => {
  event.preventDefault()
  $('drop').classList.add('over')
})
$('drop').addEventListener('dragleave', () => $('drop').classList.remove('over'))
$('drop').addEventListener('drop', (event) => {
  event.preventDefault()
  $('drop').classList.remove('over')
  const [file] = event.dataTransfer.files
  if (file) void judge(file)
})
document.addEventListener('visibilitychange', () => document.hidden && stopCamera())

async function judge(blob) {
  const turn = ++latest
  shown = blob
  stopCamera()
  say('none', 'Looking…', '')
  const form = new FormData()
  form.append('image', blob)
  let answer
  try {
    const response = await fetch(`/api/check?operatingPoint=${$('point').value}`, { method: 'POST', body: form })
    answer = await response.json()
  } catch {
    answer = { error: { hint: 'The server cannot be reached.' } }
  }
  if (turn !== latest) return // a newer picture is on its way
  await drawPicture(blob, answer)
  answer.error ? showError(answer.error) : showResult(answer)
}

function say(kind, words, hint) {
  $('verdict').dataset.verdict = kind
  $('verdict').textContent = words
  $('hint').textContent = hint
}

function showError(error) {
  say('error', 'This picture was not judged', error.hint)
  hideResult()
}

function hideResult() {
  $('details').hidden = true
  $('explain').hidden = true
}

function showResult(result) {
  say(result.verdict, WORDS[result.verdict], result.hint)
  $('details').hidden = false
  const known = result.liveProbability !== null
  const probability = known ? result.liveProbability : 0
  const { name, threshold } = result.operatingPoint
  $('fill').style.width = `${100 * probability}%`
  $('fill').style.background = `var(--${result.verdict})`
  $('mark').style.left = `calc(${100 * threshold}% - 1px)`
  const numbers = known
    ? `Live probability ${probability.toFixed(3)}, needed ${threshold.toFixed(3)} (${name})`
    : `No model was asked; needed ${threshold.toFixed(3)} (${name})`
  const steady = result.stability === null ? '' : `, stability ${result.stability.toFixed(2)}`
  $('numbers').textContent = numbers + steady
  $('meter').setAttribute('aria-label', numbers)
  $('reasons').replaceChildren(
    ...(result.reasons.length === 0
      ? [item('None.')]
      : result.reasons.map((r) =>
          item(`${r.code}${r.value === undefined ? '' : ` (${round(r.value)}, bound ${round(r.bound)})`}: ${r.hint}`),
        )),
  )
  $('timings').replaceChildren(
    ...Object.entries(result.timings).map(([stage, ms]) => row(stage, `${ms.toFixed(1)} ms`)),
  )
  $('explain').hidden = !result.explanation
  if (result.explanation) {
    paint($('crop'), result.explanation.crop, 3)
    paint($('spectrum'), result.explanation.spectrum, 1)
  }
}

const round = (value) => (Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(2))

function item(text) {
  const li = document.createElement('li')
  li.textContent = text
  return li
}

function row(name, value) {
  const tr = document.createElement('tr')
  const th = document.createElement('th')
  th.scope = 'row'
  th.textContent = name
  const td = document.createElement('td')
  td.textContent = value
  tr.append(th, td)
  return tr
}

/** Draws base64 bytes, `channels` a pixel, onto a square canvas. */
function paint(canvas, { side, pixels }, channels) {
  const bytes = Uint8Array.from(atob(pixels), (c) => c.charCodeAt(0))
  canvas.width = canvas.height = side
  const image = new ImageData(side, side)
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes[channels * i + (channels === 1 ? 0 : c)]
    image.data[4 * i + 3] = 255
  }
  canvas.getContext('2d').putImageData(image, 0, 0)
}

async function drawPicture(blob, answer) {
  $('invite').hidden = true
  let bitmap
  try {
    bitmap = await createImageBitmap(blob)
  } catch {
    view.hidden = true
    $('invite').hidden = false
    return
  }
  view.hidden = false
  view.width = bitmap.width
  view.height = bitmap.height
  const context = view.getContext('2d')
  context.drawImage(bitmap, 0, 0)
  const faces = answer.faces ?? []
  context.lineWidth = Math.max(2, bitmap.width / 200)
  for (const { face, verdict } of faces) {
    context.strokeStyle = { live: '#22c55e', spoof: '#ef4444' }[verdict] ?? '#f59e0b'
    context.strokeRect(face.box.x, face.box.y, face.box.width, face.box.height)
  }
  view.setAttribute('aria-label', `The picture with ${faces.length} face${faces.length === 1 ? '' : 's'} marked`)
}

async function startCamera() {
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'user', width: { ideal: 1280 } },
      audio: false,
    })
  } catch {
    say('error', 'The camera cannot be used', 'Allow it in the browser, and close other programs that use it.')
    return
  }
  // What was said about an earlier picture is not said about the person before the camera.
  latest++
  shown = undefined
  hideResult()
  video.srcObject = stream
  await video.play()
  video.hidden = false
  view.hidden = true
  $('invite').hidden = true
  $('shoot').hidden = false
  $('camera').textContent = 'Stop the camera'
  say('none', 'Look into the camera', 'Then take the picture.')
  $('shoot').focus()
}

function stopCamera() {
  if (!stream) return
  for (const track of stream.getTracks()) track.stop()
  stream = undefined
  video.srcObject = null
  video.hidden = true
  $('shoot').hidden = true
  $('camera').textContent = 'Use the camera'
}

async function shoot() {
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  canvas.getContext('2d').drawImage(video, 0, 0)
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.95))
  await judge(blob)
  $('camera').focus()
}
