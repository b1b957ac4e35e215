/** What is in each tarball, and what its package.json says, so that nobody has to look before a release. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { ROOT } from '@unspoof/test-utils/run'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishedPackages } from '../../scripts/packages.mjs'
import { packAll, remove, type Tarball, temporaryFolder } from './tarballs.ts'

const packages = await publishedPackages()
const isBuilt = packages.every(({ folder }) => existsSync(join(folder, 'dist')))
if (!isBuilt) console.warn('The packages are not built: their tarballs are not tested.')

/** Kilobytes, packed. Weights count, tests and maps do not belong here. */
const MAX_KB: Readonly<Record<string, number>> = { '@unspoof/models': 4400, default: 300 }

/** What a bundler must keep although nobody uses an export of it. */
const SIDE_EFFECTS: Readonly<Record<string, true | readonly string[]>> = {
  // Watches every Fastify instance from its import on, so that no guarded route is left without a check.
  '@unspoof/fastify': true,
  '@unspoof/react': ['*.css'],
  // Importing the element registers it.
  '@unspoof/web': ['./dist/element/index.js', './src/element/index.ts', './dist/unspoof-element.js', '*.css'],
}

const CODE = /^dist\/.*(\.js|\.cjs|\.d\.ts|\.d\.cts)$/

describe.skipIf(!isBuilt)('the tarballs', () => {
  let folder: string
  let tarballs: Tarball[]

  beforeAll(async () => {
    folder = await temporaryFolder()
    tarballs = await packAll(folder)
  }, 300_000)
  afterAll(() => remove(folder))

  describe.each(packages.map(({ manifest }) => manifest.name as string))('%s', (name) => {
    const tarball = (): Tarball => tarballs.find((one) => one.name === name)!
    const read = (path: string): string => readFileSync(join(tarball().folder, path), 'utf8')

    it('has a licence and a README, and neither tests nor maps nor what only a build needs', () => {
      const { files } = tarball()
      expect(files).toContain('LICENSE')
      expect(read('LICENSE')).toBe(readFileSync(join(ROOT, 'LICENSE'), 'utf8'))
      expect(files).toContain('README.md')
      expect(files.filter((path) => /(^|\/)(__tests__|test|tests|node_modules)\/|\.test\.|\.map$/.test(path))).toEqual(
        [],
      )
      expect(files.filter((path) => /(^|\/)(tsconfig|tsdown|\.env|\.npmrc|\.turbo)/.test(path))).toEqual([])
      const code = files.filter((path) => CODE.test(path))
      expect(code.length).toBeGreaterThan(1)
      expect(code.filter((path) => read(path).includes('sourceMappingURL'))).toEqual([])
    })

    it('has every file that its exports and commands name', () => {
      const { manifest, files } = tarball()
      const targets = [...targetsOf(manifest.exports), ...targetsOf(manifest.bin ?? {})]
      expect(targets.length).toBeGreaterThan(2)
      for (const target of targets) {
        const pattern = new RegExp(`^${target.slice(2).replaceAll('.', '\\.').replace('*', '.+')}$`)
        expect(
          files.some((path) => pattern.test(path)),
          target,
        ).toBe(true)
      }
    })

    it('imports nothing that it does not declare', () => {
      const { manifest, files } = tarball()
      const { dependencies, optionalDependencies, peerDependencies } = manifest
      const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies, [name]: '' })
      const undeclared = new Set<string>()
      let looked = 0
      for (const path of files.filter((file) => CODE.test(file) || file.startsWith('bin/'))) {
        // This worker has all it needs inside; what is left in it of another loader never runs.
        if (path === 'dist/worker-onnxruntime.js') continue
        for (const { fileName } of ts.preProcessFile(read(path), true, true).importedFiles) {
          looked++
          if (fileName.startsWith('.') || isBuiltin(fileName)) continue
          const wanted = fileName.split('/', fileName.startsWith('@') ? 2 : 1).join('/')
          if (!declared.includes(wanted)) undeclared.add(`${path}: ${fileName}`)
        }
      }
      expect([...undeclared]).toEqual([])
      if (name !== '@unspoof/core') expect(looked).toBeGreaterThan(0)
    })

    it('says what it is, under which licence, where it comes from, and that it is published with provenance', () => {
      const { manifest, folder } = tarball()
      expect(manifest).toMatchObject({
        license: 'Apache-2.0',
        type: 'module',
        sideEffects: SIDE_EFFECTS[name] ?? false,
        engines: { node: '>=20.19' },
        repository: {
          type: 'git',
          url: 'git+https://github.com/unspoof/unspoof.git',
          directory: folder.slice(ROOT.length),
        },
        homepage: expect.stringMatching(/^https:\/\//),
        bugs: expect.stringMatching(/^https:\/\//),
        publishConfig: { access: 'public', provenance: true },
      })
      expect(manifest.description.length).toBeGreaterThan(20)
      expect(manifest.keywords).toEqual(expect.arrayContaining(['face-liveness', 'presentation-attack-detection']))
      expect(manifest.exports['./package.json']).toBe('./package.json')
      // Nothing runs on the machine of whoever installs it.
      expect(Object.keys(manifest.scripts).filter((script) => /install|prepare/.test(script))).toEqual([])
    })

    it('is not larger than it has to be', () => {
      expect(statSync(tarball().path).size / 1000).toBeLessThan(MAX_KB[name] ?? MAX_KB.default!)
    })
  })

  it('@unspoof/models has the card, the README and every file of weights of each model', () => {
    const { files } = tarballs.find(({ name }) => name === '@unspoof/models')!
    const cards = files.filter((path) => path.endsWith('/card.json'))
    expect(cards.length).toBeGreaterThan(1)
    for (const path of cards) {
      const id = path.slice(0, -'/card.json'.length)
      const card = JSON.parse(readFileSync(join(ROOT, 'models', path), 'utf8')) as { files: { name: string }[] }
      expect(files).toContain(`${id}/README.md`)
      for (const { name } of card.files) expect(files).toContain(`${id}/${name}`)
      for (const notice of ['NOTICE', 'models/NOTICE']) {
        expect(readFileSync(join(ROOT, notice), 'utf8'), notice).toContain(id)
      }
    }
    expect(files).toContain('NOTICE')
  })

  it('@unspoof/web names the code of others in its files, with its version and licence', () => {
    const { files, manifest, folder } = tarballs.find(({ name }) => name === '@unspoof/web')!
    expect(files).toContain('NOTICE')
    const notice = readFileSync(join(folder, 'NOTICE'), 'utf8')
    expect(notice).toContain(`onnxruntime-web ${manifest.peerDependencies['onnxruntime-web']}`)
    expect(notice).toContain('Permission is hereby granted')
    // The default needs no runtime of others.
    expect(Object.keys(manifest.dependencies)).toEqual(['@unspoof/core', '@unspoof/kernels', '@unspoof/models'])
    expect(manifest.peerDependenciesMeta['onnxruntime-web']).toEqual({ optional: true })
  })

  it('@unspoof/kernels has both builds, and names the code of others in them', () => {
    const { files, folder } = tarballs.find(({ name }) => name === '@unspoof/kernels')!
    expect(files).toEqual(expect.arrayContaining(['NOTICE', 'dist/kernels.wasm', 'dist/kernels-relaxed.wasm']))
    expect(readFileSync(join(folder, 'NOTICE'), 'utf8')).toMatch(/AssemblyScript[\s\S]*Permission is hereby granted/)
  })
})

/** Every path that a tree of conditions leads to. */
function targetsOf(tree: unknown): string[] {
  return typeof tree === 'string' ? [tree] : Object.values(tree as Record<string, unknown>).flatMap(targetsOf)
}
