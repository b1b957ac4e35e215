/** "@unspoof/core/testing": a fake runtime, the conformance suite every runtime passes, synthetic pictures. */

export { seededRandom } from './evaluate/random.ts'
export * from './testing/conformance.ts'
export * from './testing/fakes.ts'
export * from './testing/pictures.ts'
