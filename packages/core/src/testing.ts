/** "@unspoof/core/testing": a fake runtime, the conformance suite every runtime passes, synthetic pictures. */

export * from './testing/conformance.ts'
export * from './testing/fakes.ts'
export * from './testing/pictures.ts'
