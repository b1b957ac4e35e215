import { Login } from './login.jsx'

export default function Page() {
  return (
    <main>
      <h1>Log in</h1>
      <Login />
    </main>
  )
}
