import { sessionHandler } from '../../../../lib/sessions.js'

export async function POST(request) {
  return (await sessionHandler())(request)
}
