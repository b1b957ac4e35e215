/** The packed packages in empty projects, as people install them: each judges a real picture there, and says nothing on stderr. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, readdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { plainEnvironment, ROOT, run } from '@unspoof/test-utils/run'
import { STRICT_CSP, startStaticServer } from '@unspoof/test-utils/static-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishedPackages } from '../../scripts/packages.mjs'
import { createProject, packAll, remove, temporaryFolder } from './tarballs.ts'

const PICTURE = join(ROOT, 'fixtures/astronaut.jpg')
const require = createRequire(import.meta.url)

const isBuilt = (await publishedPackages()).every(({ folder }) => existsSync(join(folder, 'dist')))
if (!isBuilt) console.warn('The packages are not built: they are not installed anywhere.')

describe.skipIf(!isBuilt)('the packed packages', { timeout: 300_000 }, () => {
  let parent: string
  /** Everything, with Express, NestJS, React and Next. */
  let server: string
  /** What a page needs, with React and Vite. */
  let web: string
  /** Express, without native code for the models. */
  let small: string

  beforeAll(async () => {
    parent = await temporaryFolder()
    const tarballs = await packAll(parent)
    const ours = Object.fromEntries(tarballs.map(({ name, path }) => [name, `file:${path}`]))
    const only = (...names: string[]) => Object.fromEntries(names.map((name) => [name, ours[name]!]))
    const react = { react: '^19', 'react-dom': '^19' }
    const nest = { '@nestjs/common': '^11', '@nestjs/core': '^11', '@nestjs/platform-express': '^11' }
    const types = { '@types/express': '^5', '@types/node': '^20', '@types/react': '^19' }
    ;[server, web, small] = await Promise.all([
      createProject(
        parent,
        'server',
        {
          ...ours,
          ...react,
          ...nest,
          ...types,
          express: '^5',
          jest: '^30',
          next: '^16',
          'reflect-metadata': '^0.2',
          rxjs: '^7',
        },
        ['esm', 'cjs', 'typescript', 'next', 'jest'],
      ),
      createProject(
        parent,
        'web',
        {
          ...only('@unspoof/core', '@unspoof/kernels', '@unspoof/models', '@unspoof/web', '@unspoof/react'),
          ...react,
          '@vitejs/plugin-react': '^6',
          vite: '^8',
        },
        ['vite'],
      ),
      createProject(
        parent,
        'small',
        {
          ...only(
            '@unspoof/core',
            '@unspoof/kernels',
            '@unspoof/models',
            '@unspoof/http',
            '@unspoof/node',
            '@unspoof/express',
          ),
          express: '^5',
        },
        [],
        // docs/guides/small-install.md names the published package here.
        { 'onnxruntime-node': ours['@unspoof/kernels']! },
      ),
    ])
  }, 300_000)
  afterAll(() => remove(parent))

  const live = { verdict: 'live', liveProbability: expect.closeTo(1, 0) }

  it('work from ES modules: a check, and a login in Express', async () => {
    const { status, stdout, stderr } = await run(process.execPath, ['esm/check.js', PICTURE], server)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      ...live,
      status: 200,
      body: { hello: 'Ada' },
      exported: ['function', 'function', 'function'],
    })
  })

  it('work from CommonJS: a check, and a guard in NestJS', async () => {
    const { status, stdout, stderr } = await run(process.execPath, ['cjs/check.cjs', PICTURE], server)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ ...live, status: 201, body: { hello: 'Ada' }, exported: ['function'] })
  })

  it('have types for Node resolution that are right without skipLibCheck', async () => {
    const tsc = require.resolve('typescript/lib/tsc.js')
    expect(await run(process.execPath, [tsc, '-p', 'typescript'], server)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
  })

  it('run inside Jest: in process, in a pool, in Express and in NestJS', async () => {
    const jest = join(server, 'node_modules/jest/bin/jest.js')
    const args = [jest, '--rootDir', join(server, 'jest'), '--runInBand', '--json']
    const { stdout, stderr } = await run(process.execPath, args, server, { IMAGE: PICTURE })
    expect(stderr).not.toContain('did not exit')
    expect(JSON.parse(stdout)).toMatchObject({ numFailedTests: 0, numPassedTests: 5, success: true })
  })

  it('take less than 45 MB without onnxruntime-node, and judge the same', async () => {
    const folder = join(small, 'node_modules')
    const files = await readdir(folder, { recursive: true, withFileTypes: true })
    const sizes = files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name)))
    const megabytes = (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0) / 1e6
    console.info(`@unspoof/express with sharp, without onnxruntime-node: ${megabytes.toFixed(1)} MB`)
    expect(megabytes).toBeGreaterThan(15) // else something was not measured
    expect(megabytes).toBeLessThan(45)
    const script = `
      const { createLiveness, createLivenessPool } = require('@unspoof/node');
      (async () => {
        const answers = [];
        for (const create of [createLiveness, createLivenessPool]) {
          const liveness = await create();
          const { verdict, liveProbability } = await liveness.check(process.argv[1]);
          answers.push({ verdict, liveProbability, runtime: liveness.diagnostics().runtime });
          await liveness.close();
        }
        console.log(JSON.stringify(answers));
      })()`
    const { status, stdout, stderr } = await run(process.execPath, ['-e', script, PICTURE], small)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const expected = { ...live, runtime: 'unspoof kernels' }
    expect(JSON.parse(stdout)).toEqual([expected, expected])
  })

  it('bring the command: npx unspoof check', async () => {
    const { status, stdout, stderr } = await run('npx', ['--no-install', 'unspoof', 'check', PICTURE], server)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/\blive\b/)
  })

  it('build and serve in Next: a page that is rendered on the server, a route that judges', async () => {
    const next = join(server, 'node_modules/next/dist/bin/next')
    const built = await run(process.execPath, [next, 'build'], join(server, 'next'))
    expect({ status: built.status, stderr: built.stderr }).toEqual({ status: 0, stderr: '' })
    const child = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', '0'], {
      cwd: join(server, 'next'),
      env: { ...plainEnvironment(), NEXT_TELEMETRY_DISABLED: '1' },
    })
    try {
      const url = await addressOf(child)
      expect(await (await fetch(url)).text()).toContain('class="unspoof"')
      const response = await fetch(`${url}check`, { method: 'POST', body: await readFile(PICTURE) })
      expect(await response.json()).toEqual(live)
    } finally {
      child.kill()
    }
  })

  it('let a page never download what only a server needs', async () => {
    const installed = await readdir(join(web, 'node_modules'))
    expect(installed).not.toContain('onnxruntime-web')
    expect(installed).not.toContain('onnxruntime-node')
    expect(installed).not.toContain('sharp')
    expect(installed).not.toContain('@img')
    expect(await readdir(join(web, 'node_modules/@unspoof'))).toEqual(['core', 'kernels', 'models', 'react', 'web'])
    expect(await readFile(join(web, 'package-lock.json'), 'utf8')).not.toMatch(/onnxruntime-node|"node_modules\/sharp/)
  })

  it.skipIf(!hasChromium)('build in Vite, and judge in the page, under a strict Content-Security-Policy', async () => {
    const vite = join(web, 'node_modules/vite/bin/vite.js')
    const built = await run(process.execPath, [vite, 'build'], join(web, 'vite'))
    expect({ status: built.status, stderr: built.stderr }).toEqual({ status: 0, stderr: '' })
    const dist = join(web, 'vite/dist')
    await copyFile(PICTURE, join(dist, 'picture.jpg'))
    const files = await startStaticServer({
      folders: { '/': dist },
      headers: { 'content-security-policy': STRICT_CSP },
    })
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(String(error)))
      page.on('console', (message) => /error|warn/.test(message.type()) && problems.push(message.text()))
      await page.goto(files.url)
      const said = page.locator('output:not(:empty)').last()
      await said.waitFor({ state: 'attached', timeout: 60_000 })
      expect(JSON.parse((await said.textContent())!)).toEqual(live)
      expect(problems).toEqual([])
    } finally {
      await browser.close()
      await files.close()
    }
  })
})

/** Next says on its output where it listens. */
function addressOf(server: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(output)
      if (found !== null && found[1] !== '0') resolve(`http://127.0.0.1:${found[1]}/`)
    }
    server.stdout?.on('data', read)
    server.stderr?.on('data', read)
    server.once('exit', (code) => reject(new Error(`next start ended with ${code}: ${output}`)))
  })
}
