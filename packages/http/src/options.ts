/** Options that every HTTP adapter shares, checked when it is created. */
import {
  CHECK_OPTION_KEYS,
  type CheckOptions,
  checkKeys,
  checkOneOf,
  invalid,
  type Liveness,
  resolveCheckOptions,
} from '@unspoof/core'
import { type Admission, type AdmissionOptions, createAdmission } from './admission/admission.ts'
import { resolveLimits, type UploadLimits } from './body/limits.ts'
import type { ResultEvent } from './events.ts'
import { checkSessionOptions, type SessionOptions } from './token.ts'

/** The part of a {@link Liveness} that the HTTP half uses. */
export type HttpLiveness = Pick<Liveness<Uint8Array>, 'check'>

/** Nobody in particular, a key, or several such as account and address: each has its own share. */
export type ClientKeys = string | readonly string[] | undefined

export interface HttpLivenessOptions<Req = unknown> extends Omit<CheckOptions, 'signal'> {
  /**
   * Your own {@link Liveness}, or a function that makes it, called once at the first picture.
   * @default one pool of workers with the bundled models, shared by everything that names no other
   */
  readonly liveness?: HttpLiveness | (() => HttpLiveness | Promise<HttpLiveness>)
  /**
   * True: a request without a picture is refused with IMAGE_MISSING, and only `live` passes. False: requests without
   * a picture, and pictures that cannot be judged for their content (`retry`), pass and are annotated; spoofs are refused.
   * @default true where the check guards a route; see the adapter
   */
  readonly required?: boolean
  /** Judge only files in these form fields (or data URLs at these JSON paths). @default every picture, whatever the field */
  readonly fields?: string | readonly string[]
  /** How much of a body is read, and for how long. */
  readonly limits?: Partial<UploadLimits>
  /** How much is under way at once; give the same {@link Admission} to several adapters to share it. */
  readonly admission?: AdmissionOptions | Admission
  /**
   * Tells clients apart (an account, an API key, an address you can trust), so that none takes more of the {@link admission} than its
   * `maxShare`. Called once a request; undefined: nobody in particular.
   * @default none is told apart
   */
  readonly clientKey?: (request: Req) => ClientKeys | Promise<ClientKeys>
  /**
   * When the check cannot be done (overload, models gone, time-out): `reject` answers 503; `annotate` passes the request
   * as `not-checked`, so that the handler can ask for something else. It is never passed as `live`.
   * @default 'reject'
   */
  readonly onUnavailable?: 'reject' | 'annotate'
  /** Accept a session's signed token instead of an image. */
  readonly session?: SessionOptions<Req>
  /**
   * True: the models are loaded when the application starts, not at the first image.
   * @default false
   */
  readonly warmUp?: boolean
  /** Told of every decision, for logs and metrics. Not awaited; what it throws changes no answer. */
  readonly onResult?: (event: ResultEvent) => unknown
}

export interface ResolvedHttpOptions<Req> {
  readonly liveness: HttpLivenessOptions<Req>['liveness']
  readonly required: boolean | undefined
  readonly fields: readonly string[] | undefined
  readonly limits: UploadLimits
  readonly admission: Admission
  readonly clientKey: HttpLivenessOptions<Req>['clientKey']
  readonly onUnavailable: 'reject' | 'annotate'
  readonly session: SessionOptions<Req> | undefined
  readonly onResult: HttpLivenessOptions<Req>['onResult']
  readonly warmUp: boolean
  readonly check: Omit<CheckOptions, 'signal'>
  /** Milliseconds until a check is given up. */
  readonly timeoutMs: number
}

const CHECK_KEYS = CHECK_OPTION_KEYS.filter((key) => key !== 'signal')

/** The names of {@link HttpLivenessOptions}, for adapters that add their own. */
export const HTTP_OPTION_KEYS: readonly string[] = [
  ...CHECK_KEYS,
  'liveness',
  'required',
  'fields',
  'limits',
  'admission',
  'clientKey',
  'onUnavailable',
  'session',
  'onResult',
  'warmUp',
]

/** Everything that names no admission of its own shares this one, as it shares the default pool. */
let sharedAdmission: Admission | undefined

/** @throws LivenessError OPTION_INVALID */
export function resolveHttpOptions<Req>(
  options: HttpLivenessOptions<Req>,
  ownKeys: readonly string[] = [],
): ResolvedHttpOptions<Req> {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'an object', options)
  checkKeys('liveness', options, [...HTTP_OPTION_KEYS, ...ownKeys])
  const check = Object.fromEntries(
    CHECK_KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])),
  ) as Omit<CheckOptions, 'signal'>
  const { timeoutMs } = resolveCheckOptions(check)
  const { liveness, required, clientKey } = options
  if (liveness !== undefined && typeof liveness !== 'function' && typeof liveness?.check !== 'function') {
    throw invalid('liveness', 'an object with check() or a function that makes one', liveness)
  }
  if (required !== undefined && typeof required !== 'boolean') throw invalid('required', 'true or false', required)
  if (clientKey !== undefined && typeof clientKey !== 'function') {
    throw invalid('clientKey', 'a function of the request', clientKey)
  }
  if (options.warmUp !== undefined && typeof options.warmUp !== 'boolean') {
    throw invalid('warmUp', 'true or false', options.warmUp)
  }
  checkSessionOptions(options.session)
  if (options.onResult !== undefined && typeof options.onResult !== 'function') {
    throw invalid('onResult', 'a function of the event', options.onResult)
  }
  return {
    liveness,
    required,
    fields: resolveFields(options.fields),
    limits: resolveLimits(options.limits),
    admission: resolveAdmission(options.admission),
    clientKey,
    onUnavailable: checkOneOf('onUnavailable', options.onUnavailable ?? 'reject', ['reject', 'annotate']),
    session: options.session,
    onResult: options.onResult,
    warmUp: options.warmUp ?? false,
    check,
    timeoutMs,
  }
}

/**
 * The options of a route over those of the application. What a route leaves undefined is not said, so that it weakens nothing.
 */
export function mergeOptions<Options extends object>(base: Options, own: Partial<Options> | undefined): Options {
  const said = Object.entries(own ?? {}).filter(([, value]) => value !== undefined)
  return { ...base, ...Object.fromEntries(said) }
}

function resolveFields(fields: string | readonly string[] | undefined): readonly string[] | undefined {
  if (fields === undefined) return undefined
  const names = typeof fields === 'string' ? [fields] : fields
  if (!Array.isArray(names) || names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw invalid('fields', 'a field name or a list of them', fields)
  }
  return Object.freeze([...names])
}

function resolveAdmission(admission: AdmissionOptions | Admission | undefined): Admission {
  if (admission === undefined) {
    sharedAdmission ??= createAdmission()
    return sharedAdmission
  }
  return 'enter' in admission ? admission : createAdmission(admission)
}
