// @ts-check
/**
 * Tables for `<!-- include: NAME -->` in a page. They are made from the model cards and from the packages, so that nobody
 * copies a number by hand.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { ROOT as root } from './paths.mjs'

/** @import { CardRate, ModelCard, OperatingPointName, PadCard } from '@unspoof/core' */

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(resolve(root, path), 'utf8'))

/** Ids of the bundled models: the folders of `models/` with a card. */
const bundled = readdirSync(resolve(root, 'models'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .filter((id) => readdirSync(resolve(root, 'models', id)).includes('card.json'))

/** @param {string} id @returns {ModelCard} */
const cardOf = (id) => json(`models/${id}/card.json`)

/** The model that judges by default: the first. */
function defaultModel() {
  const card = bundled.map(cardOf).find(({ task }) => task === 'pad')
  if (card?.task !== 'pad') throw new Error('No model that judges is bundled.')
  return card
}

/** @type {OperatingPointName[]} */
const POINTS = ['strict', 'balanced', 'lenient']

/** With a no-break space, so that a table does not part number and sign. @param {number} share */
const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)}\u00a0%`
/** @param {number} bytes */
const size = (bytes) => (bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`)

/** "4 of 40 (3-24 %)"; without an error "0 of 59 (at most 6 %)", which is all that no error can claim. @param {CardRate} rate */
function rate({ errors, n, interval: [low, high] }) {
  if (errors === 0) return `0 of ${n} (at most ${percent(high)})`
  return `${errors} of ${n} (${percent(low).replace('\u00a0%', '')}-${percent(high)})`
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  if (rows.length === 0) throw new Error(`The table "${head.join(' | ')}" has no rows.`)
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** @param {PadCard} card @param {OperatingPointName} point @returns {[data: string, what: string, counts: CardRate][]} */
function measuredRows(card, point) {
  return card.operatingPoints[point].measured.flatMap(({ data, apcer, bpcer, optimistic }) => {
    const mark = optimistic ? ' \\*' : ''
    /** @type {[string, string, CardRate][]} */
    const rows = Object.entries(apcer).map(([species, counts]) => [
      `${data}${mark}`,
      `attacks accepted: ${species}`,
      counts,
    ])
    return [...rows, [`${data}${mark}`, 'people refused', bpcer]]
  })
}

/** Worst first, by what may be true at most. @param {PadCard} card */
function errorRates(card) {
  const rows = measuredRows(card, 'balanced').sort((a, b) => b[2].interval[1] - a[2].interval[1])
  return table(
    ['pictures', 'error', 'of n, with 95 % interval'],
    rows.map(([data, what, counts]) => [data, what, rate(counts)]),
  )
}

/** What gets through, one sentence a species, from the worst set of the card. @param {PadCard} card */
function worstAttack(card) {
  const attacks = measuredRows(card, 'balanced').filter(([, what]) => what.startsWith('attacks'))
  const [worst] = attacks.sort((a, b) => b[2].errors / b[2].n - a[2].errors / a[2].n)
  if (worst === undefined) throw new Error(`${card.id} was measured on no attacks.`)
  const [data, what, { errors, n }] = worst
  return (
    `**At the default threshold ${errors} of ${n} attack pictures of the worst set were accepted.** ` +
    `The set: ${data.replace(' \\*', '')}. The species: ${what.replace('attacks accepted: ', '')}.`
  )
}

/** @param {PadCard} card */
function operatingPoints(card) {
  const rows = POINTS.flatMap((point) => {
    const { threshold } = card.operatingPoints[point]
    return measuredRows(card, point).map(([data, what, counts], i) => [
      i === 0 ? `\`${point}\`` : '',
      i === 0 ? String(threshold) : '',
      data,
      what,
      rate(counts),
    ])
  })
  return table(['point', 'threshold', 'pictures', 'error', 'of n, with 95 % interval'], rows)
}

/** @param {ModelCard} card */
function cardPage(card) {
  const parts = [
    `## ${card.id}`,
    `${card.title}. Version ${card.version}, task \`${card.task}\`, licence ${card.licence}.`,
    card.provenance,
    table(
      ['file', 'variant', 'size', 'SHA-256'],
      card.files.map((file) => [file.name, file.variant, size(file.bytes), `\`${file.sha256.slice(0, 16)}...\``]),
    ),
    table(
      ['input', 'size', 'layout', 'colour'],
      (card.task === 'pad' ? card.inputs : [card.input]).map((input) => [
        input.name,
        `${input.width} x ${input.height}`,
        input.layout,
        input.colour,
      ]),
    ),
  ]
  if (card.limits !== undefined) parts.push('Limits:', card.limits.map((limit) => `- ${limit}`).join('\n'))
  if (card.task === 'pad') {
    const { slope, offset, fittedOn } = card.calibration
    parts.push(
      `Live probability = sigmoid(${slope} x margin + ${offset}), fitted on: ${fittedOn}.`,
      operatingPoints(card),
      '\\* optimistic: see the README of the model.',
    )
  }
  return parts.join('\n\n')
}

/** @param {string} toRoot the root of the repository, from the folder of the page */
function packageTable(toRoot) {
  const folders = [...readdirSync(resolve(root, 'packages')).map((name) => `packages/${name}`), 'models'].filter(
    (folder) => !json(`${folder}/package.json`).private,
  )
  return table(
    ['package', 'what it is', 'formats'],
    folders.map((folder) => {
      const { name, description, exports } = json(`${folder}/package.json`)
      const cjs = JSON.stringify(exports).includes('"require"')
      return [`[\`${name}\`](${toRoot}/${folder}/README.md)`, description, cjs ? 'ESM, CJS' : 'ESM']
    }),
  )
}

/** @type {Record<string, (toRoot: string) => string>} */
const includes = {
  'worst-attack': () => worstAttack(defaultModel()),
  'error-rates': () => errorRates(defaultModel()),
  'operating-points': () => operatingPoints(defaultModel()),
  'model-limits': () => (defaultModel().limits ?? []).map((limit) => `- ${limit}`).join('\n'),
  'model-cards': () => bundled.map((id) => cardPage(cardOf(id))).join('\n\n'),
  packages: packageTable,
}

/** @param {import('vitepress').MarkdownRenderer} md */
export function withIncludes(md) {
  md.core.ruler.before('normalize', 'includes', (state) => {
    const page = state.env.realPath ?? state.env.path
    state.src = state.src.replace(/^<!-- include: ([\w-]+) -->$/gm, (_, name) => {
      const make = includes[name]
      if (make === undefined) throw new Error(`${page} includes "${name}". Known: ${Object.keys(includes).join(', ')}.`)
      return make(relative(dirname(page), root) || '.')
    })
  })
}
