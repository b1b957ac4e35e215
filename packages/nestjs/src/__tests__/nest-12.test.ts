/** What Nest 11 has not: an upload interceptor for Fastify. */
import { Body, Controller, Post, Req, UploadedFile, UseGuards, UseInterceptors } from '@nestjs/common'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { FileInterceptor } from '@nestjs/platform-fastify/multipart'
import { fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import { afterEach, expect, test } from 'vitest'
import { LivenessGuard, LivenessModule } from '../index.ts'
import { closeApps, form, live, post, sha, startApp } from './app.ts'

@UseGuards(LivenessGuard)
@Controller()
class Files {
  @Post('interceptor')
  @UseInterceptors(FileInterceptor('photo'))
  interceptor(@UploadedFile() file: { buffer: Buffer }, @Body() body: unknown) {
    return { file: sha(file.buffer), body }
  }

  @Post('method')
  async method(@Req() req: { file(): Promise<{ filename: string; toBuffer(): Promise<Buffer> }> }) {
    const file = await req.file()
    return { file: sha(await file.toBuffer()), name: file.filename }
  }
}

afterEach(closeApps)

test('its interceptor and its methods find the files that the guard has read', async () => {
  const modules = [LivenessModule.forRoot({ liveness: fakeLiveness() })]
  const url = await startApp(new FastifyAdapter(), modules, [Files])
  expect((await post(`${url}/interceptor`, form())).json).toEqual({ file: sha(live), body: { name: 'Ada' } })
  expect((await post(`${url}/method`, form())).json).toEqual({ file: sha(live), name: 'me.jpg' })
  expect((await post(`${url}/method`, form(picture('spoof')))).status).toBe(403)
})
