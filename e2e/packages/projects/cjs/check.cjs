// What an application of CommonJS does with the Node packages: NestJS, as most of its applications are built.
require('reflect-metadata')
const { readFileSync } = require('node:fs')
const { Controller, Module, Post, UseGuards } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { LivenessGuard, LivenessModule } = require('@unspoof/nestjs')
const { createLiveness } = require('@unspoof/node')
const { createMemoryStore } = require('@unspoof/session')

const picture = readFileSync(process.argv[2])

class LoginController {
  login() {
    return { hello: 'Ada' }
  }
}
Controller()(LoginController)
UseGuards(LivenessGuard)(LoginController)
Post('login')(LoginController.prototype, 'login', Object.getOwnPropertyDescriptor(LoginController.prototype, 'login'))

class AppModule {}
Module({ imports: [LivenessModule.forRoot()], controllers: [LoginController] })(AppModule)

async function main() {
  const liveness = await createLiveness()
  const { verdict, liveProbability } = await liveness.check(picture)
  await liveness.close()

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
  await app.listen(0, '127.0.0.1')
  const response = await fetch(`${await app.getUrl()}/login`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg' },
    body: picture,
  })
  const body = await response.json()
  await app.close()
  const exported = [createMemoryStore].map((value) => typeof value)
  console.log(JSON.stringify({ verdict, liveProbability, status: response.status, body, exported }))
  process.exit()
}
main()
