// The same from CommonJS.
import core = require('@unspoof/core')
import node = require('@unspoof/node')
import session = require('@unspoof/session')

const code: core.ErrorCode = 'IMAGE_CORRUPT'
// @ts-expect-error: types are there and are not `any`
export const wrong: Promise<number> = node.createLiveness()
export { code, session }
