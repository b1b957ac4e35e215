/** A camera that shows one still, moved as the session asks. */
import { toJpeg } from './sessions.mjs'
import { createActor, normals, renderStill } from './still.mjs'

/** The RGB pixels of each moment, of one still. */
export function renderShots(source, tuning, seed) {
  const normal = normals(seed)
  const actor = createActor(tuning.amount, normal)
  return (moment) => renderStill(source, actor(moment), tuning, normal)
}

/** Answers each moment with a JPEG made of the still. */
export function camera(source, tuning, seed, { blur = 0, always } = {}) {
  const render = renderShots(source, tuning, seed)
  return (moment) => {
    const kind = always !== undefined && moment.kind !== 'hold' ? always : moment.kind
    const before = always === undefined ? moment.before : moment.before.map(() => always)
    return toJpeg(render({ ...moment, kind, before }), moment.kind === 'hold' ? 0 : blur)
  }
}
