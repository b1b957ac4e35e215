/** The explanation as one HTML file that holds its pictures. */
import type { LivenessResult } from '@unspoof/core'
import { profileChart, seriesColour } from '../html/charts.ts'
import { escapeHtml } from '../html/escape.ts'
import { htmlFigure, htmlPage, htmlTable } from '../html/page.ts'
import type { ExplainedImage, ModelExplanation } from './explain.ts'

export function explanationPage(
  input: string,
  result: LivenessResult,
  overview: ExplainedImage | undefined,
  models: readonly ModelExplanation[],
): string {
  const body = [
    '<p class="note">This is explanation: it shows what the model looked at, and takes no part in the verdict. A heat map or a spectrum proves nothing by itself.</p>',
    verdictSection(result),
    overview === undefined ? '' : imageFigure(overview),
    ...models.map(modelSection),
  ]
  return htmlPage(`Explanation of ${input}`, body.join('\n'))
}

function verdictSection(result: LivenessResult): string {
  const { verdict, liveProbability, operatingPoint, stability, reasons, signals } = result
  const facts = [
    ['verdict', verdict],
    ['live probability', liveProbability === null ? 'not judged' : liveProbability.toFixed(4)],
    ['threshold', `${operatingPoint.threshold} (${operatingPoint.name})`],
    ['stability', stability === null ? 'one crop' : stability.toFixed(2)],
    ...reasons.map(({ code, hint, value, bound }) => [
      code,
      value === undefined || bound === undefined ? hint : `${hint} (${value.toPrecision(3)}, bound ${bound})`,
    ]),
    ...(signals === null
      ? []
      : Object.entries(signals).map(([name, value]) => [
          name,
          value === undefined ? 'unknown' : measured(Number(value)),
        ])),
  ]
  return htmlTable(['what', 'value'], facts)
}

function modelSection({ model, images, profiles, crops, occlusion }: ModelExplanation): string {
  const rows = crops.map(({ box, margin, probability }, i) => [
    i === 0
      ? 'the face as it is'
      : `moved by ${signed(box.x + box.width / 2 - centre(crops[0]!.box).x)}, ${signed(box.y + box.height / 2 - centre(crops[0]!.box).y)} pixels, ${((100 * box.width) / crops[0]!.box.width).toFixed(0)} %`,
    margin.toFixed(3),
    probability.toFixed(4),
  ])
  const legend = profiles
    .map(({ name }, i) => `<span class="key" style="background:${seriesColour(i)}"></span>${escapeHtml(name)}`)
    .join(' &nbsp; ')
  return `<h2>${escapeHtml(model)}</h2>
${images.map(imageFigure).join('')}
${profiles.length === 0 ? '' : htmlFigure(`${profileChart(profiles)}<p>${legend}</p>`, 'Radial profile. Nineteen of twenty live faces lie between the two reference curves, where the card has them. Screens and prints often leave bumps or lack high frequencies; so do compression and blur.')}
<h3>What each crop said</h3>
${htmlTable(['crop', 'margin', 'live probability'], rows)}
<p>Margin of the uncovered picture: ${occlusion.margin.toFixed(3)}; covering one place moves it by at most ${Math.max(...occlusion.values.map(Math.abs)).toFixed(3)}.</p>`
}

/** Three digits, but a remainder of the arithmetic (4.44e-16 for "nothing is outside") is 0. */
function measured(value: number): string {
  return Math.abs(value) < 1e-6 ? '0' : value.toPrecision(3)
}

function centre(box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }) {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(1)}`
}

function imageFigure({ caption, png }: ExplainedImage): string {
  const shown = Math.max(png.width, Math.min(256, png.width * 2))
  return htmlFigure(
    `<img class="pixel" width="${shown}" alt="${escapeHtml(caption)}" src="data:image/png;base64,${png.bytes.toString('base64')}">`,
    caption,
  )
}
