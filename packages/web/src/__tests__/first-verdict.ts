/** All that a page with a camera and a local verdict imports; the size test bundles it. */
export { createCamera, createLiveness, videoFrames } from '../index.ts'
