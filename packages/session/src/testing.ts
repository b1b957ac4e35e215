/** `@unspoof/session/testing`: what proves a store, and a client that plays whole sessions in one process. */
export { type Moment, type PlayedSession, type PlayOptions, playSession } from './testing/play.ts'
export { type TestRunner, type TestStoreOptions, testStore } from './testing/store.ts'
export { issueToken } from './token/issue.ts'
