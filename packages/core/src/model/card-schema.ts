/** Checks a parsed card, so that a wrong one is refused with the place that is wrong. The same rules as models/card.schema.json. */
import { LivenessError } from '../errors.ts'
import { describe } from '../validate.ts'
import type { DetectorCard, LandmarksCard, ModelCard, PadCard } from './card.ts'

/**
 * Returns the card itself once every field has been checked.
 * @param location where the card came from, for the message.
 * @throws LivenessError CARD_INVALID naming the field, such as `inputs[0].crop.scale`.
 */
export function parseCard(json: unknown, location: string): ModelCard {
  const at = new Field(json, '', location)
  at.get('schema').oneOf([1])
  at.get('id').matches(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes')
  at.get('version').string()
  at.get('title').string()
  at.get('licence').string()
  at.get('provenance').string()
  if (!at.get('limits').absent) at.get('limits').each((limit) => limit.string())
  const variants = new Set<unknown>()
  at.get('files').each((file) => {
    file.get('name').matches(/^[\w-][\w.-]{0,127}$/, 'a file name without folders')
    file.get('bytes').number(1, 2 ** 31, true)
    file.get('sha256').matches(/^[0-9a-f]{64}$/, '64 lower-case hex digits')
    const variant = file.get('variant').string()
    if (variants.has(variant)) file.get('variant').fail('a variant that no other file has')
    variants.add(variant)
    if (!file.get('url').absent) file.get('url').matches(/^https:\/\//, 'an https address')
  })
  CHECKS[at.get('task').oneOf(['pad', 'face-detection', 'face-landmarks'])](at)
  return json as ModelCard
}

/** @throws LivenessError CARD_INVALID when the card is of another task. */
export function parsePadCard(json: unknown, location: string): PadCard {
  const card = parseCard(json, location)
  if (card.task !== 'pad') new Field(card.task, 'task', location).fail('"pad"')
  return card as PadCard
}

/** @throws LivenessError CARD_INVALID when the card is of another task. */
export function parseDetectorCard(json: unknown, location: string): DetectorCard {
  const card = parseCard(json, location)
  if (card.task !== 'face-detection') new Field(card.task, 'task', location).fail('"face-detection"')
  return card as DetectorCard
}

/** @throws LivenessError CARD_INVALID when the card is of another task. */
export function parseLandmarksCard(json: unknown, location: string): LandmarksCard {
  const card = parseCard(json, location)
  if (card.task !== 'face-landmarks') new Field(card.task, 'task', location).fail('"face-landmarks"')
  return card as LandmarksCard
}

const CHECKS: Record<ModelCard['task'], (at: Field) => void> = {
  pad: checkPad,
  'face-detection': checkDetector,
  'face-landmarks': checkLandmarks,
}

function checkPad(at: Field): void {
  const names = new Set<unknown>()
  at.get('inputs').each((input) => {
    checkPixels(input)
    const name = input.get('name').string()
    if (names.has(name)) input.get('name').fail('a name that no other input has')
    names.add(name)
    const crop = input.get('crop')
    crop.get('scale').number(0.1, 10)
    crop.get('square').boolean()
    crop.get('border').oneOf(['reflect101', 'constant', 'replicate', 'clamp'])
    crop.get('down').oneOf(['area', 'linear'])
    crop.get('up').oneOf(['lanczos4', 'linear', 'cubic'])
  })
  const output = at.get('output')
  output.get('name').string()
  output.get('kind').oneOf(['logits', 'probabilities'])
  const classes = output.get('classes').each((name) => name.string())
  if (classes.length < 2 || classes.filter((name) => name === 'live').length !== 1) {
    output.get('classes').fail('at least two class names of which exactly one is "live"')
  }
  const calibration = at.get('calibration')
  calibration.get('slope').number(1e-3, 1e3)
  calibration.get('offset').number(-100, 100)
  calibration.get('fittedOn').string()
  if (!calibration.get('ece').absent) calibration.get('ece').number(0, 1)
  const points = at.get('operatingPoints')
  const thresholds = (['strict', 'balanced', 'lenient'] as const).map((name) => {
    const point = points.get(name)
    point.get('measured').each(checkMeasurement, true)
    const threshold = point.get('threshold').number(1e-4, 1 - 1e-4)
    const spoofBelow = point.get('spoofBelow')
    if (!spoofBelow.absent && spoofBelow.number(1e-4, 1 - 1e-4) > threshold) spoofBelow.fail('at most the threshold')
    return threshold
  })
  if (thresholds[0]! < thresholds[1]! || thresholds[1]! < thresholds[2]!) {
    points.fail('thresholds with strict >= balanced >= lenient')
  }
  at.get('validFace').get('minSide').number(1, 4096)
  if (!at.get('liveSpectrum').absent) checkSpectrum(at.get('liveSpectrum'))
}

function checkSpectrum(at: Field): void {
  at.get('input').string()
  const mean = at.get('mean').each((value) => value.number(0, 100))
  const deviation = at.get('deviation').each((value) => value.number(0, 100))
  if (mean.length !== deviation.length) at.get('deviation').fail('as many numbers as mean has')
  at.get('n').number(1, 1e9, true)
  at.get('data').string()
}

function checkMeasurement(at: Field): void {
  at.get('data').string()
  at.get('optimistic').boolean()
  checkRate(at.get('bpcer'))
  at.get('apcer').entries((rate) => checkRate(rate))
  const uncertain = at.get('uncertain')
  if (uncertain.absent) return
  // biome-ignore lint/plugin: a field of the card.
  checkRate(uncertain.get('live'))
  checkRate(uncertain.get('spoof'))
}

function checkRate(at: Field): void {
  const n = at.get('n').number(0, 1e9, true)
  at.get('errors').number(0, n, true)
  const interval = at.get('interval').each((bound) => bound.number(0, 1), true)
  if (interval.length !== 2 || (interval[0] as number) > (interval[1] as number)) at.get('interval').fail('[low, high]')
}

function checkPixels(at: Field): void {
  at.get('name').string()
  at.get('width').number(8, 2048, true)
  at.get('height').number(8, 2048, true)
  at.get('layout').oneOf(['nchw', 'nhwc'])
  at.get('colour').oneOf(['rgb', 'bgr'])
  at.get('scale').number(1e-6, 1e3)
  const mean = at.get('mean').each((value) => value.number(-1e4, 1e4))
  const std = at.get('std').each((value) => value.number(1e-6, 1e6))
  if (mean.length !== 3) at.get('mean').fail('three numbers')
  if (std.length !== 3) at.get('std').fail('three numbers')
}

function checkDetector(at: Field): void {
  checkPixels(at.get('input'))
  at.get('input').get('letterbox').oneOf(['centre', 'top-left'])
  at.get('scoreThreshold').number(0.01, 0.9999)
  at.get('iouThreshold').number(0.01, 0.9999)
  const secondLook = at.get('secondLook')
  if (!secondLook.absent) {
    secondLook.get('scale').number(1, 10)
    secondLook.get('minScore').number(0, 0.9999)
  }
  const decoder = at.get('decoder')
  if (decoder.get('kind').oneOf(['blazeface', 'yunet']) === 'yunet') {
    decoder.get('strides').each((stride) => stride.number(1, 512, true))
    return
  }
  decoder.get('boxes').string()
  decoder.get('scores').string()
  decoder.get('unit').number(1, 4096)
  decoder.get('anchors').each((level) => {
    level.get('stride').number(1, 512, true)
    level.get('perCell').number(1, 64, true)
  })
}

function checkLandmarks(at: Field): void {
  const input = at.get('input')
  checkPixels(input)
  if (input.get('width').number(8, 2048, true) !== input.get('height').number(8, 2048, true)) {
    input.get('height').fail('the same number as width has')
  }
  const crop = at.get('crop')
  crop.get('scale').number(0.1, 20)
  crop.get('down').number(-5, 5)
  const output = at.get('output')
  output.get('landmarks').string()
  output.get('count').number(1, 10_000, true)
  output.get('presence').string()
}

/** A value in the card together with its path. */
class Field {
  readonly #value: unknown
  readonly #path: string
  readonly #location: string

  constructor(value: unknown, path: string, location: string) {
    this.#value = value
    this.#path = path
    this.#location = location
  }

  get absent(): boolean {
    return this.#value === undefined
  }

  get(key: string): Field {
    const object = this.#object()
    return new Field(
      Object.hasOwn(object, key) ? object[key] : undefined,
      this.#path === '' ? key : `${this.#path}.${key}`,
      this.#location,
    )
  }

  entries(check: (field: Field) => void): void {
    for (const key of Object.keys(this.#object())) check(this.get(key))
  }

  /** Checks every element and returns the raw values. */
  each(check: (field: Field) => unknown, mayBeEmpty = false): readonly unknown[] {
    const value = this.#value
    if (!Array.isArray(value) || (value.length === 0 && !mayBeEmpty))
      this.fail(mayBeEmpty ? 'an array' : 'an array that is not empty')
    const values = value as unknown[]
    values.forEach((element, i) => {
      check(new Field(element, `${this.#path}[${i}]`, this.#location))
    })
    return values
  }

  string(): string {
    if (typeof this.#value !== 'string' || this.#value.length === 0) this.fail('a string that is not empty')
    return this.#value as string
  }

  matches(pattern: RegExp, rule: string): string {
    if (typeof this.#value !== 'string' || !pattern.test(this.#value)) this.fail(rule)
    return this.#value as string
  }

  boolean(): boolean {
    if (typeof this.#value !== 'boolean') this.fail('true or false')
    return this.#value as boolean
  }

  number(min: number, max: number, integer = false): number {
    const value = this.#value
    if (
      typeof value !== 'number' ||
      !Number.isFinite(value) ||
      value < min ||
      value > max ||
      (integer && !Number.isInteger(value))
    ) {
      this.fail(`${integer ? 'an integer' : 'a number'} from ${min} to ${max}`)
    }
    return value as number
  }

  oneOf<const T extends string | number>(allowed: readonly T[]): T {
    if (!allowed.includes(this.#value as T)) this.fail(`one of ${allowed.map((a) => JSON.stringify(a)).join(', ')}`)
    return this.#value as T
  }

  fail(rule: string): never {
    const place = this.#path === '' ? 'the card' : this.#path
    throw new LivenessError(
      'CARD_INVALID',
      `${this.#location}: expected ${rule} for ${place} but received ${describe(this.#value)}.`,
    )
  }

  #object(): Record<string, unknown> {
    if (typeof this.#value !== 'object' || this.#value === null || Array.isArray(this.#value)) this.fail('an object')
    return this.#value as Record<string, unknown>
  }
}
