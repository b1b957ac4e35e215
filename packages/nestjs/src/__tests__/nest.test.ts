import multipart from '@fastify/multipart'
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  Post,
  type Type,
  UploadedFile,
  UploadedFiles,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import { APP_GUARD, NestFactory } from '@nestjs/core'
import { ExpressAdapter, FileInterceptor, FilesInterceptor } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { HealthCheckService, TerminusModule } from '@nestjs/terminus'
import { type FakeLiveness, fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import { afterEach, describe, expect, test } from 'vitest'
import {
  LIVENESS_MODULE_OPTIONS,
  Liveness,
  LivenessException,
  LivenessGuard,
  LivenessModule,
  type LivenessModuleOptions,
  LivenessOptions,
  type LivenessOptionsFactory,
  LivenessService,
  type Rejection,
  type RequestLiveness,
  SkipLiveness,
  type Upload,
} from '../index.ts'
import { LivenessHealthIndicator } from '../terminus.ts'
import { apps, closeApps, form, live, post, sha, startApp } from './app.ts'

/** What the tests read of multer's files. */
interface MulterFile {
  readonly originalname: string
  readonly buffer: Buffer
}

@Controller()
@UseGuards(LivenessGuard)
class AppController {
  @Post('login')
  login(@Liveness() result: RequestLiveness, @Liveness('uploads') uploads: Upload[], @Body() body: unknown) {
    return { verdict: result.verdict, live: result.liveProbability, uploads: uploads.map((u) => sha(u.buffer)), body }
  }

  @Get('health')
  @SkipLiveness()
  health(@Liveness() result: RequestLiveness | undefined) {
    return { skipped: result === undefined }
  }

  @Get('secret')
  secret() {
    return { secret: 42 }
  }

  @Post('strict')
  @LivenessOptions({ operatingPoint: 'strict', fields: 'face' })
  strict(@Liveness('verdict') verdict: string) {
    return { verdict }
  }

  @Post('whole')
  whole(@Liveness() result: RequestLiveness) {
    return result
  }
}

const PLATFORMS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const

/** With {@link AppController} unless others are named. */
const start = (
  adapter: () => ExpressAdapter | FastifyAdapter,
  modules: (DynamicModule | Type)[],
  prepare?: (app: INestApplication) => Promise<unknown>,
  controllers: Type[] = [AppController],
): Promise<string> => startApp(adapter(), modules, controllers, prepare)

afterEach(closeApps)

describe.each(PLATFORMS)('Nest on %s', (name, adapter) => {
  const fake = (): FakeLiveness => fakeLiveness()
  const root = (options: LivenessModuleOptions = { liveness: fake() }) => LivenessModule.forRoot(options)

  test('@Liveness() gives the result, the body stays usable', async () => {
    const url = await start(adapter, [root()])
    const { status, json } = await post(`${url}/login`, form())
    expect(status).toBe(201)
    expect(json).toEqual({ verdict: 'live', live: 0.987654, uploads: [sha(live)], body: { name: 'Ada' } })
    expect((await post(`${url}/whole`, form())).json).toEqual({ verdict: 'live', code: 'LIVE', reasons: [], hint: '' })
  })

  test('the exception has the body that every adapter sends', async () => {
    const url = await start(adapter, [root()])
    const spoof = await post(`${url}/login`, form(picture('spoof')))
    expect(spoof.status).toBe(403)
    expect(spoof.json).toEqual({
      verdict: 'spoof',
      code: 'SPOOF',
      reasons: ['attack-suspected'],
      hint: expect.any(String),
    })
    const missing = await post(`${url}/login`)
    expect(missing).toMatchObject({ status: 400, json: { error: { code: 'IMAGE_MISSING' } } })
    const crash = await post(`${url}/login`, form(picture('crash')))
    expect(crash).toMatchObject({ status: 503, json: { error: { code: 'MODEL_UNAVAILABLE' } } })
    expect(crash.headers.get('retry-after')).toBe('1')
  })

  test('a guarded GET is refused, @SkipLiveness() passes', async () => {
    const url = await start(adapter, [root()])
    expect((await fetch(`${url}/secret`)).status).toBe(400)
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ skipped: true })
  })

  test('@LivenessOptions() wins over the module', async () => {
    const liveness = fake()
    const url = await start(adapter, [root({ liveness, operatingPoint: 'lenient' })])
    await post(`${url}/login`, form())
    expect((await post(`${url}/strict`, form(live, 'face'))).json).toEqual({ verdict: 'live' })
    expect((await post(`${url}/strict`, form(live, 'photo'))).json.error.code).toBe('IMAGE_MISSING')
    expect(liveness.calls.map((call) => call.options.operatingPoint)).toEqual(['lenient', 'strict'])
  })

  test('options from a factory, a class and an existing provider', async () => {
    @Injectable()
    class Options implements LivenessOptionsFactory {
      createLivenessOptions(): LivenessModuleOptions {
        return { liveness: fake(), fields: 'face' }
      }
    }
    @Module({ providers: [Options], exports: [Options] })
    class OptionsModule {}
    const modules = [
      LivenessModule.forRootAsync({ useFactory: async () => ({ liveness: fake(), fields: 'face' }) }),
      LivenessModule.forRootAsync({ useClass: Options }),
      LivenessModule.forRootAsync({ imports: [OptionsModule], useExisting: Options }),
      LivenessModule.forRootAsync({
        imports: [OptionsModule],
        inject: [Options],
        useFactory: (options: Options) => options.createLivenessOptions(),
      }),
    ]
    for (const module of modules) {
      const url = await start(adapter, [module])
      expect((await post(`${url}/login`, form(live, 'face'))).status).toBe(201)
      expect((await post(`${url}/login`, form(live, 'photo'))).status).toBe(400)
    }
  })

  test('the guard works for the whole application', async () => {
    @Controller()
    class Plain {
      @Post('plain')
      plain(@Liveness('verdict') verdict: string) {
        return { verdict }
      }
    }
    @Module({ providers: [{ provide: APP_GUARD, useClass: LivenessGuard }] })
    class Guards {}
    const url = await start(adapter, [root(), Guards], undefined, [Plain])
    expect((await post(`${url}/plain`, form())).json).toEqual({ verdict: 'live' })
    expect((await post(`${url}/plain`)).status).toBe(400)
  })

  test('two guards on one route read the body once', async () => {
    @UseGuards(LivenessGuard)
    @Controller()
    class Twice {
      @UseGuards(LivenessGuard)
      @Post('twice')
      twice(@Body() body: unknown) {
        return { body }
      }
    }
    const url = await start(adapter, [root()], undefined, [Twice])
    expect((await post(`${url}/twice`, form())).json).toEqual({ body: { name: 'Ada' } })
  })

  test('steps can be overridden, filters see the rejection', async () => {
    const seen: Rejection[] = []
    @Catch(LivenessException)
    class Filter implements ExceptionFilter {
      catch(exception: LivenessException, host: ArgumentsHost) {
        seen.push(exception.rejection)
        const response = host.switchToHttp().getResponse()
        response.status(418).send({ verdict: exception.result?.verdict, code: exception.error?.code })
      }
    }
    @Injectable()
    class OwnGuard extends LivenessGuard {
      protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
        return context.switchToHttp().getRequest().headers['x-skip'] === '1'
      }
    }
    @Injectable()
    class Forgetful extends LivenessGuard {
      protected override reject(): void {}
    }
    @Controller()
    class Own {
      @UseGuards(OwnGuard)
      @UseFilters(Filter)
      @Post('own')
      own() {
        return { passed: true }
      }

      @UseGuards(Forgetful)
      @Post('forgetful')
      forgetful() {
        return { passed: true }
      }
    }
    const url = await start(adapter, [root()], undefined, [Own])
    expect(await post(`${url}/own`, form(picture('spoof')))).toMatchObject({ status: 418, json: { verdict: 'spoof' } })
    expect(await post(`${url}/own`)).toMatchObject({ status: 418, json: { code: 'IMAGE_MISSING' } })
    expect(seen).toHaveLength(2)
    const skipped = await fetch(`${url}/own`, { method: 'POST', headers: { 'x-skip': '1' } })
    expect(skipped.status).toBe(201)
    expect((await post(`${url}/forgetful`, form(picture('spoof')))).status).toBe(403)
  })

  test('the health indicator says whether the models load', async () => {
    let broken = true
    let ready = true
    @Controller()
    class Health {
      constructor(
        @Inject(HealthCheckService) private readonly health: HealthCheckService,
        @Inject(LivenessHealthIndicator) private readonly indicator: LivenessHealthIndicator,
      ) {}

      @Get('readyz')
      check() {
        return this.health.check([() => this.indicator.isHealthy('liveness')])
      }
    }
    @Module({ imports: [TerminusModule], controllers: [Health], providers: [LivenessHealthIndicator] })
    class HealthModule {}
    const liveness = () => {
      if (broken) throw new Error('no such file /srv/models')
      return { ...fake(), health: () => ({ ready, queued: 0, running: 0, workers: ready ? 2 : 0 }) }
    }
    const url = await start(adapter, [root({ liveness }), HealthModule], undefined, [])
    const down = await fetch(`${url}/readyz`)
    expect(down.status).toBe(503)
    expect(await down.text()).not.toMatch(/srv/)
    broken = false
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    ready = false
    const busy = await fetch(`${url}/readyz`)
    expect(busy.status).toBe(503)
    expect(await busy.json()).toMatchObject({ error: { liveness: { status: 'down', workers: 0 } } })
  })

  test('mistakes are found when the application is built', async () => {
    expect(() => LivenessModule.forRoot({ fields: [] })).toThrow(/fields/)
    expect(() => LivenessModule.forRoot({ operatingPont: 'strict' } as LivenessModuleOptions)).toThrow(/operatingPoint/)
    expect(() => LivenessOptions({ crops: 2 as 3 })).toThrow(/crops/)
    expect(() => LivenessModule.forRootAsync({})).toThrow(/useFactory/)
    const wrong = LivenessModule.forRootAsync({ useFactory: () => ({ faces: 'many' as 'all' }) })
    @Module({ imports: [wrong] })
    class AppModule {}
    await expect(NestFactory.create(AppModule, adapter(), { logger: false, abortOnError: false })).rejects.toThrow(
      /faces/,
    )
  })

  test('the service gives the Liveness in use', async () => {
    const liveness = fake()
    await start(adapter, [root({ liveness })])
    expect(await apps[0]!.get(LivenessService).liveness()).toBe(liveness)
    expect(apps[0]!.get(LIVENESS_MODULE_OPTIONS)).toMatchObject({ liveness })
  })

  test('without the module the guard uses defaults', async () => {
    const url = await start(adapter, [])
    expect((await post(`${url}/login`)).json.error.code).toBe('IMAGE_MISSING')
    expect((await post(`${url}/login`, new FormData())).json.error.code).toBe('IMAGE_MISSING')
  })

  describe.runIf(name === 'Express')('FileInterceptor of platform-express', () => {
    @UseGuards(LivenessGuard)
    @Controller()
    class Files {
      @Post('one')
      @UseInterceptors(FileInterceptor('photo'))
      one(@UploadedFile() file: MulterFile, @Body() body: unknown, @Liveness() result: RequestLiveness) {
        return { file: sha(file.buffer), judged: result.images[0]?.result.image?.sha256, body }
      }

      @Post('many')
      @UseInterceptors(FilesInterceptor('photo', 3))
      many(@UploadedFiles() files: MulterFile[]) {
        return { files: files.map((file) => file.originalname) }
      }

      @Post('none')
      none(@UploadedFile() file: MulterFile, @UploadedFiles() files: MulterFile[]) {
        return { file: file.originalname, files: files.length }
      }

      @Post('limited')
      @UseInterceptors(FileInterceptor('photo', { limits: { fileSize: 10 } }))
      limited() {
        return {}
      }
    }

    test('finds the files that the guard has read', async () => {
      const url = await start(adapter, [root()], undefined, [Files])
      const digest = sha(live)
      expect((await post(`${url}/one`, form())).json).toEqual({ file: digest, judged: digest, body: { name: 'Ada' } })
      expect((await post(`${url}/many`, form())).json).toEqual({ files: ['me.jpg'] })
      expect((await post(`${url}/none`, form())).json).toEqual({ file: 'me.jpg', files: 1 })
      expect((await post(`${url}/limited`, form())).status).toBe(413)
      expect((await post(`${url}/one`, form(live, 'other'))).status).toBe(400)
      expect((await post(`${url}/one`, form(picture('spoof')))).status).toBe(403)
    })
  })

  describe.runIf(name === 'Fastify')('@fastify/multipart', () => {
    @UseGuards(LivenessGuard)
    @Controller()
    class Attached {
      @Post('attached')
      attached(@Liveness() result: RequestLiveness, @Body() body: Record<string, unknown>) {
        return { judged: result.images.map((image) => image.fieldname), keys: Object.keys(body) }
      }
    }

    test.each([true, 'keyValues'] as const)('attachFieldsToBody: %s', async (attachFieldsToBody) => {
      const register = (app: INestApplication) =>
        (app as unknown as { register(plugin: unknown, options: object): Promise<unknown> }).register(multipart, {
          attachFieldsToBody,
        })
      const url = await start(adapter, [root()], register, [Attached])
      expect((await post(`${url}/attached`, form())).json).toEqual({ judged: ['photo'], keys: ['name', 'photo'] })
      expect((await post(`${url}/attached`, form(picture('spoof')))).status).toBe(403)
    })
  })
})
