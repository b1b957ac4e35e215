/** Options of the module and of single routes. */

import type { ModuleMetadata, Type } from '@nestjs/common'
import type { HttpLivenessOptions } from '@unspoof/http'

/**
 * The platform's request: Express' or Fastify's. Hooks of the application know which one they get.
 */
// biome-ignore lint/suspicious/noExplicitAny: both platforms' request types have to fit
export type PlatformRequest = any

/** Options of {@link LivenessModule}; a route's own win over them. */
export interface LivenessModuleOptions extends HttpLivenessOptions<PlatformRequest> {
  /** False: only modules that import the module get its options. @default true */
  readonly global?: boolean
}

/** What one route may say differently. The check itself and its load limits belong to the module. */
export type LivenessRouteOptions = Omit<HttpLivenessOptions<PlatformRequest>, 'liveness' | 'admission'>

/** Makes the options of the module from a class of the application. */
export interface LivenessOptionsFactory {
  createLivenessOptions(): LivenessModuleOptions | Promise<LivenessModuleOptions>
}

/** One of `useFactory`, `useClass` and `useExisting` says where the options come from. */
export interface LivenessModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  // biome-ignore lint/suspicious/noExplicitAny: what is injected is typed by the factory's own parameters
  readonly useFactory?: (...args: any[]) => LivenessModuleOptions | Promise<LivenessModuleOptions>
  // biome-ignore lint/suspicious/noExplicitAny: any token of Nest
  readonly inject?: any[]
  readonly useClass?: Type<LivenessOptionsFactory>
  readonly useExisting?: Type<LivenessOptionsFactory>
  /** False: only modules that import the module get its options. @default true */
  readonly global?: boolean
}
