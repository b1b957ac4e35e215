import { createLiveness } from '@unspoof/node'

let liveness

export async function POST(request) {
  liveness ??= createLiveness()
  const { verdict, liveProbability } = await (await liveness).check(new Uint8Array(await request.arrayBuffer()))
  return Response.json({ verdict, liveProbability })
}
