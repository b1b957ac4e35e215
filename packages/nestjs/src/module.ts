/** LivenessModule: options for every LivenessGuard of an application. */
import { type DynamicModule, Module, type Provider } from '@nestjs/common'
import { resolveHttpOptions } from '@unspoof/http'
import { LivenessGuard } from './guard.ts'
import type { LivenessModuleAsyncOptions, LivenessModuleOptions, LivenessOptionsFactory } from './options.ts'
import { LivenessService } from './service.ts'
import { LIVENESS_MODULE_OPTIONS } from './tokens.ts'

@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a module of Nest is a class
export class LivenessModule {
  /** @throws LivenessError OPTION_INVALID */
  static forRoot(options: LivenessModuleOptions = {}): DynamicModule {
    resolveHttpOptions(options, ['global'])
    return dynamicModule([{ provide: LIVENESS_MODULE_OPTIONS, useValue: options }], options.global)
  }

  /** Options that are made when the application starts, from other providers. */
  static forRootAsync(options: LivenessModuleAsyncOptions): DynamicModule {
    return { ...dynamicModule(asyncProviders(options), options.global), imports: options.imports ?? [] }
  }
}

function dynamicModule(providers: Provider[], global = true): DynamicModule {
  return {
    module: LivenessModule,
    global,
    providers: [...providers, LivenessService, LivenessGuard],
    exports: [LIVENESS_MODULE_OPTIONS, LivenessService, LivenessGuard],
  }
}

function asyncProviders({ useFactory, useClass, useExisting, inject }: LivenessModuleAsyncOptions): Provider[] {
  if (useFactory !== undefined) return [{ provide: LIVENESS_MODULE_OPTIONS, useFactory, inject: inject ?? [] }]
  const factory = useExisting ?? useClass
  if (factory === undefined)
    throw new TypeError('Expected useFactory, useClass or useExisting for LivenessModule.forRootAsync().')
  const options: Provider = {
    provide: LIVENESS_MODULE_OPTIONS,
    useFactory: (made: LivenessOptionsFactory) => made.createLivenessOptions(),
    inject: [factory],
  }
  return useClass === undefined ? [options] : [options, { provide: useClass, useClass }]
}
