import './globals.css'

export const metadata = { title: 'Log in with your face' }

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
