/** What the tests of both platforms, and of both versions of Nest, share. */
import { createHash } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type DynamicModule, type INestApplication, Module, type Type } from '@nestjs/common'
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core'
import { picture } from '@unspoof/test-utils/fake-liveness'

export const live = picture('live')
export const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Those that run, the newest last. */
export const apps: INestApplication[] = []
/** For afterEach. */
export async function closeApps(): Promise<void> {
  for (const app of apps.splice(0)) await app.close()
}

/** @returns the address of an application with these modules and controllers */
export async function startApp(
  adapter: AbstractHttpAdapter,
  modules: (DynamicModule | Type)[],
  controllers: Type[],
  prepare?: (app: INestApplication) => Promise<unknown>,
): Promise<string> {
  @Module({ imports: modules, controllers })
  class AppModule {}
  const app: INestApplication = await NestFactory.create(AppModule, adapter, { logger: false })
  apps.push(app)
  await prepare?.(app)
  await app.listen(0, '127.0.0.1')
  return `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`
}

export function form(bytes: Uint8Array = live, field = 'photo'): FormData {
  const data = new FormData()
  data.append('name', 'Ada')
  data.append(field, new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }), 'me.jpg')
  return data
}

export async function post(url: string, body?: FormData) {
  const response = await fetch(url, { method: 'POST', body })
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many shapes
  return { status: response.status, headers: response.headers, json: (await response.json()) as any }
}
