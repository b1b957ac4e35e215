/**
 * Do frequency-texture features lower the error of the verdict? The experiment behind docs/benchmarks/spectrum.md.
 *
 *     npm run build && node benchmarks/spectrum.mjs path/to/index.csv
 *
 * For every picture with a face box (columns path, set, label, face_x, face_y, face_w, face_h): the feature vector of the 1.5 x crop
 * at 128 pixels and of the face's own pixels, and the default model's margin for one crop. A logistic regression (ridge 1 on
 * standardised features, fixed before looking) is fitted
 *  - inside each set, five folds over clusters (people, videos),
 *  - on all sets but one, and tested on that one: features alone, the margin alone, and the margin with the features.
 * Intervals: 95 %, bootstrap over clusters. Sets with one class only are left out.
 */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { box, cropResize, faceSpectrum, loadPadModel, sigmoid, spectrumVector } from '@unspoof/core'
import { areaUnder, auc, aucDifference, bootstrapInterval, curveOf, rank } from '@unspoof/evaluation'
import { bundledModel, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'

const FOLDS = 5
const RIDGE = 1
const CROP = { scale: 1.5, square: true, border: 'reflect101', down: 'area', up: 'lanczos4' }

const indexPath = process.argv[2]
if (indexPath === undefined) {
  console.error('usage: node benchmarks/spectrum.mjs path/to/index.csv')
  process.exit(2)
}

const rows = await readRows(indexPath)
const sets = [...new Set(rows.map(({ set }) => set))]
const only = { crop: (r) => r.crop, native: (r) => r.native, both: (r) => [...r.crop, ...r.native] }

console.log(`model ${DEFAULT_PAD_MODEL}, ${rows.length} pictures of ${sets.length} sets\n`)
console.log('AUC of the features alone')
console.log(
  '| set | live | spoof | inside: crop | inside: native | inside: both | other sets: crop | other sets: native | other sets: both |',
)
console.log('|---|---|---|---|---|---|---|---|---|')
for (const set of sets) {
  const [test, train] = split(set)
  const cells = [
    ...Object.values(only).map((features) => withInterval(insideSet(test, features))),
    ...Object.values(only).map((features) => withInterval(predict(train, test, features))),
  ]
  console.log(`| ${[set, count(test, 'live'), count(test, 'spoof'), ...cells].join(' | ')} |`)
}

console.log('\nAUC of the verdict, fitted on the other sets')
console.log('| set | margin | margin + crop | gain | margin + native | gain | margin + both | gain |')
console.log('|---|---|---|---|---|---|---|---|')
for (const set of sets) {
  const [test, train] = split(set)
  const alone = predict(train, test, (r) => [r.margin])
  const cells = Object.values(only).flatMap((features) => {
    const together = predict(train, test, (r) => [r.margin, ...features(r)])
    const { difference, interval } = aucDifference(together, alone)
    return [auc(together).toFixed(3), `${signed(difference)} [${interval?.map(signed).join(', ') ?? 'no interval'}]`]
  })
  console.log(`| ${[set, withInterval(alone), ...cells].join(' | ')} |`)
}

async function readRows(path) {
  const [header, ...lines] = (await readFile(path, 'utf8')).trim().split('\n')
  const column = Object.fromEntries(header.split(',').map((name, i) => [name, i]))
  const parsed = lines.map((line) => {
    const fields = line.split(',')
    // The other half of a set is the same world: no model may be fitted on it.
    const set = fields[column.set].replace(/-dev$/, '')
    const cluster = `${set}/${basename(fields[column.path]).replace(/\..*$/, '').split('_')[0]}`
    const face = ['face_x', 'face_y', 'face_w', 'face_h'].map((name) => Number.parseFloat(fields[column[name]]))
    return { path: join(dirname(path), fields[column.path]), set, cluster, label: fields[column.label], face }
  })
  const usable = parsed.filter(({ set, face }) => {
    return (
      face.every(Number.isFinite) && ['live', 'spoof'].every((l) => parsed.some((r) => r.set === set && r.label === l))
    )
  })
  const model = await loadPadModel({ source: bundledModel(DEFAULT_PAD_MODEL), runtime: createNodeRuntime() })
  const measured = []
  let small = 0
  for (const row of usable) {
    const { frame } = await decodeImage(await readFile(row.path))
    if (frame === undefined) continue
    const face = box(...row.face)
    const { crop, native } = faceSpectrum(frame, face, cropResize(frame, face, CROP, 128, 128))
    if (native === undefined) {
      small++
      continue
    }
    const [margin] = (await model.score(frame, [face])).margins
    measured.push({ ...row, margin, crop: [...spectrumVector(crop)], native: [...spectrumVector(native)] })
  }
  await model.close()
  if (small > 0) console.log(`${small} faces of less than 32 pixels left out`)
  return measured
}

function split(set) {
  return [rows.filter((r) => r.set === set), rows.filter((r) => r.set !== set)]
}

function count(list, label) {
  return list.filter((r) => r.label === label).length
}

/** Every cluster is predicted by a regression that did not see it. */
function insideSet(list, features) {
  const clusters = [...new Set(list.map(({ cluster }) => cluster))]
  const fold = (row) => clusters.indexOf(row.cluster) % FOLDS
  return Array.from({ length: FOLDS }, (_, k) =>
    predict(
      list.filter((r) => fold(r) !== k),
      list.filter((r) => fold(r) === k),
      features,
    ),
  ).flat()
}

function predict(train, test, features) {
  const fitted = fitLogistic(
    train.map(features),
    train.map(({ label }) => (label === 'live' ? 1 : 0)),
  )
  return test.map((row) => ({ label: row.label, cluster: row.cluster, score: sigmoid(fitted(features(row))) }))
}

/** Ridge-penalised logistic regression by Newton's method; the classes weigh the same. Returns the logit of a row. */
function fitLogistic(inputs, labels) {
  const size = inputs[0].length
  const mean = Array.from({ length: size }, (_, j) => inputs.reduce((sum, x) => sum + x[j], 0) / inputs.length)
  const deviation = mean.map(
    (m, j) => Math.sqrt(inputs.reduce((sum, x) => sum + (x[j] - m) ** 2, 0) / inputs.length) || 1,
  )
  const standard = (x) => [1, ...x.map((value, j) => (value - mean[j]) / deviation[j])]
  const design = inputs.map(standard)
  const positive = labels.filter((y) => y === 1).length
  const weights = labels.map((y) => labels.length / (2 * (y === 1 ? positive : labels.length - positive)))
  const beta = new Array(size + 1).fill(0)
  for (let step = 0; step < 30; step++) {
    const gradient = beta.map((b, j) => (j === 0 ? 0 : -RIDGE * b))
    const hessian = beta.map((_, j) => beta.map((_, k) => (j === k ? (j === 0 ? 1e-9 : RIDGE) : 0)))
    design.forEach((x, i) => {
      const p = sigmoid(x.reduce((sum, value, j) => sum + value * beta[j], 0))
      for (let j = 0; j <= size; j++) {
        gradient[j] += weights[i] * (labels[i] - p) * x[j]
        for (let k = 0; k <= size; k++) hessian[j][k] += weights[i] * p * (1 - p) * x[j] * x[k]
      }
    })
    const change = solve(hessian, gradient)
    for (let j = 0; j <= size; j++) beta[j] += change[j]
    if (Math.max(...change.map(Math.abs)) < 1e-8) break
  }
  return (x) => standard(x).reduce((sum, value, j) => sum + value * beta[j], 0)
}

/** Gaussian elimination with pivoting. */
function solve(matrix, vector) {
  const n = vector.length
  const a = matrix.map((row, i) => [...row, vector[i]])
  for (let i = 0; i < n; i++) {
    let pivot = i
    for (let r = i + 1; r < n; r++) if (Math.abs(a[r][i]) > Math.abs(a[pivot][i])) pivot = r
    ;[a[i], a[pivot]] = [a[pivot], a[i]]
    for (let r = i + 1; r < n; r++) {
      const factor = a[r][i] / a[i][i]
      for (let c = i; c <= n; c++) a[r][c] -= factor * a[i][c]
    }
  }
  const x = new Array(n)
  for (let i = n - 1; i >= 0; i--) {
    x[i] = (a[i][n] - a[i].slice(i + 1, n).reduce((sum, value, k) => sum + value * x[i + 1 + k], 0)) / a[i][i]
  }
  return x
}

function withInterval(presentations) {
  const ranking = rank(presentations)
  const interval = bootstrapInterval(presentations, (weights) => areaUnder(curveOf(ranking, weights)))
  return `${auc(presentations).toFixed(3)} [${interval?.map((v) => v.toFixed(3)).join(', ') ?? 'no interval'}]`
}

function signed(value) {
  return `${value >= 0 ? '+' : ''}${value.toFixed(3)}`
}
