import { LivenessCamera } from '@unspoof/react'

export default function Page() {
  return <LivenessCamera session="/check" />
}
