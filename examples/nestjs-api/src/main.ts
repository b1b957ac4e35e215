/** Starts the API on Fastify. */
import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { AppModule } from './app.module.ts'

// A picture as a data URL is larger than the megabyte that Fastify allows JSON.
const adapter = new FastifyAdapter({ bodyLimit: 8 * 1024 * 1024 })
const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(), adapter)
// Lets requests under way finish on SIGTERM, then stops the workers.
app.enableShutdownHooks()
await app.listen(Number(process.env.PORT ?? 3000), '0.0.0.0')
