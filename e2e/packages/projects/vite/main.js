// A React page that judges one picture by itself.
import { createLiveness, LivenessCamera } from '@unspoof/react'
import { createElement, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

function App() {
  const [said, say] = useState('')
  useEffect(() => {
    judge().then(
      (result) => say(JSON.stringify(result)),
      (error) => say(JSON.stringify({ error: String(error) })),
    )
  }, [])
  return createElement('main', null, createElement(LivenessCamera), createElement('output', null, said))
}

async function judge() {
  const picture = await (await fetch('/picture.jpg')).blob()
  const liveness = await createLiveness()
  const { verdict, liveProbability } = await liveness.check(picture)
  await liveness.close()
  return { verdict, liveProbability }
}

createRoot(document.getElementById('root')).render(createElement(App))
