import { LivenessCamera } from '@unspoof/react'
import { allStrings, stringsFor } from '@unspoof/react/strings'
import { useState } from 'react'

/** A language by the name its speakers give it. */
const nameOf = (locale) => new Intl.DisplayNames(locale, { type: 'language' }).of(locale)

export function App() {
  const [locale, setLocale] = useState(() => stringsFor().locale)
  const [account, setAccount] = useState('')

  /** The token is the proof; what the page itself saw is not. */
  async function logIn(result) {
    if (result.verdict !== 'live') return
    const response = await fetch('/api/account', { headers: { authorization: `Liveness ${result.token}` } })
    setAccount(response.ok ? (await response.json()).message : 'The server did not accept the token.')
  }

  return (
    <main>
      <h1>Log in</h1>
      <LivenessCamera session="/liveness/sessions" strings={allStrings[locale]} onResult={logIn} />
      <p className="line" id="account">
        {account}
      </p>
      <label>
        Language
        <select value={locale} onChange={(event) => setLocale(event.target.value)}>
          {Object.keys(allStrings).map((key) => (
            <option key={key} value={key}>
              {nameOf(key)}
            </option>
          ))}
        </select>
      </label>
    </main>
  )
}
