// The default test runner of new NestJS applications, and of many with Express.
require('reflect-metadata')
const { readFileSync } = require('node:fs')
const { Controller, Module, Post, UseGuards } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { closeDefaultLiveness, livenessMiddleware } = require('@unspoof/express')
const { LivenessGuard, LivenessModule } = require('@unspoof/nestjs')
const express = require('express')

jest.setTimeout(60_000)
const body = readFileSync(process.env.IMAGE)
const post = (url) => fetch(`${url}/login`, { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body })

test('livenessMiddleware of Express lets a live face through', async () => {
  const app = express()
  app.post('/login', livenessMiddleware(), (request, response) => response.json(request.liveness.verdict))
  const server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const response = await post(`http://127.0.0.1:${server.address().port}`)
  expect([response.status, await response.json()]).toEqual([200, 'live'])
  await new Promise((resolve) => server.close(resolve))
  await closeDefaultLiveness()
})

test('LivenessGuard of NestJS lets a live face through', async () => {
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

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
  await app.listen(0, '127.0.0.1')
  const response = await post(await app.getUrl())
  expect([response.status, await response.json()]).toEqual([201, { hello: 'Ada' }])
  await app.close()
})
