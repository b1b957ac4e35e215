/** The module's options and its one Liveness, for the guard, the health indicator and the application. */
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common'
import {
  closeDefaultLiveness,
  type HttpLiveness,
  type HttpLivenessOptions,
  livenessSource,
  resolveHttpOptions,
} from '@unspoof/http'
import type { LivenessModuleOptions, PlatformRequest } from './options.ts'
import { LIVENESS_MODULE_OPTIONS } from './tokens.ts'

@Injectable()
export class LivenessService implements OnApplicationShutdown, OnModuleInit {
  /** The module's options; every guard of the module shares their Liveness and their load limits. */
  readonly options: HttpLivenessOptions<PlatformRequest>
  readonly #source: () => Promise<HttpLiveness>
  readonly #usesDefault: boolean
  readonly #warmUp: boolean

  /** @throws LivenessError OPTION_INVALID */
  constructor(@Optional() @Inject(LIVENESS_MODULE_OPTIONS) given: LivenessModuleOptions = {}) {
    const { global: _, ...options } = given
    const { admission, warmUp } = resolveHttpOptions(options)
    this.#warmUp = warmUp
    this.#source = livenessSource(options.liveness)
    this.#usesDefault = options.liveness === undefined
    this.options = { ...options, admission, liveness: this.#source }
  }

  /**
   * The Liveness in use; loads the models where no picture did yet.
   * @throws LivenessError MODEL_MISSING and the other codes of loading
   */
  liveness(): Promise<HttpLiveness> {
    return this.#source()
  }

  /** With `warmUp`, loads the models before the application listens. @throws LivenessError as {@link liveness} */
  async onModuleInit(): Promise<void> {
    if (this.#warmUp) await this.ready()
  }

  /** Loads the models now, not at the first image. @throws LivenessError as {@link liveness} */
  async ready(): Promise<void> {
    await this.#source()
  }

  /** Stops the shared pool of workers, where this application used it. A Liveness of the application's own is its to close. */
  async onApplicationShutdown(): Promise<void> {
    if (this.#usesDefault) await closeDefaultLiveness()
  }
}
