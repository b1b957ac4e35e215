import { sessionHandler } from '../../../../lib/sessions.js'

export const runtime = 'nodejs'

export async function POST(request) {
  return (await sessionHandler())(request)
}
