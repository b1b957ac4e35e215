'use client'

import { LivenessCamera } from '@unspoof/react'
import { useState } from 'react'

export function Login() {
  const [message, setMessage] = useState('')
  return (
    <>
      <LivenessCamera
        session="/liveness/sessions"
        onResult={({ verdict }) => setMessage(verdict === 'live' ? 'The server says: live.' : '')}
      />
      <p id="message">{message}</p>
    </>
  )
}
