import { createLiveness, createLivenessFlow } from './unspoof/unspoof.js'

const element = (id) => document.getElementById(id)
const [video, picture, verdict, button] = ['video', 'picture', 'verdict', 'camera'].map(element)

const WORDS = { live: 'A live face.', spoof: 'Not a live face.' }
/** Only when it changes: screen readers read each change of a live region. */
const say = (text) => {
  if (verdict.textContent !== text) verdict.textContent = text
}

let liveness
/** Loads worker, wasm and models once, on the first use. */
function load() {
  if (liveness !== undefined) return liveness
  const loading = createLiveness({ assets: './unspoof/' }).then((ready) => {
    element('diagnostics').textContent = JSON.stringify(ready.diagnostics(), null, 2)
    return ready
  })
  liveness = loading
  // The next use tries again.
  loading.catch(() => {
    liveness = undefined
  })
  return loading
}

element('file').addEventListener('change', async ({ target }) => {
  const [file] = target.files
  if (file === undefined) return
  flow?.stop()
  picture.hidden = true
  say('Looking…')
  try {
    const result = await (await load()).check(file)
    const reader = new FileReader() // a data URL, because the policy of this page has no blob: in it
    reader.onload = () => {
      picture.src = reader.result
      picture.hidden = false
      say(WORDS[result.verdict] ?? result.hint)
    }
    reader.readAsDataURL(file)
  } catch (error) {
    say(error.hint ?? 'That did not work.')
  }
})

let flow
button.addEventListener('click', async () => {
  if (flow !== undefined && flow.getSnapshot().camera.stream !== undefined) {
    flow.stop()
    return say('Choose an image or start the camera.')
  }
  picture.hidden = true
  say('One moment…')
  try {
    flow ??= createFlow(await load())
    await flow.start()
  } catch (error) {
    say(error.hint ?? 'That did not work.')
  }
})

function createFlow(ready) {
  const made = createLivenessFlow({ liveness: ready })
  made.attach(video)
  made.subscribe(() => {
    const { status, hint, result, error, camera } = made.getSnapshot()
    const on = camera.stream !== undefined
    video.hidden = !on
    video.classList.toggle('mirrored', camera.mirrored)
    button.textContent = on ? 'Stop camera' : 'Start camera'
    if (status === 'checking')
      say(hint === 'hold-still' ? 'Hold still…' : 'Bring your face into the picture, close and well lit.')
    if (status === 'done') say(WORDS[result.verdict] ?? result.hint)
    if (status === 'failed') say(error.hint)
  })
  return made
}
