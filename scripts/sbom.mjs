// @ts-check
/**
 * Writes a software bill of materials for each published package to sbom/: CycloneDX 1.6, with the weights of the models
 * as components of their own. The release attaches these files.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installedWith } from './dependencies.mjs'
import { bundledModels } from './models.mjs'
import { publishedPackages, ROOT } from './packages.mjs'

/** @typedef {import('./dependencies.mjs').Installed} Installed */

const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
const target = join(ROOT, 'sbom')
await mkdir(target, { recursive: true })
for (const { folder, manifest } of await publishedPackages()) {
  const { root, all } = installedWith(lock, folder)
  const models = all.concat(root).some(({ name }) => name === '@unspoof/models') ? await weights() : []
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: component({ ...root, version: manifest.version }) },
    components: [...all.map(component), ...models],
    dependencies: [root, ...all].map((one) => ({
      ref: purl(one),
      dependsOn: [...new Set(one.dependencies.map(purl))],
    })),
  }
  const file = join(target, `${manifest.name.replace('@', '').replace('/', '-')}.cdx.json`)
  await writeFile(file, `${JSON.stringify(bom, null, 2)}\n`)
  console.log(`${manifest.name}: ${bom.components.length} components`)
}

/** @param {Installed} installed */
function purl({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

/** @param {Installed} installed */
function component(installed) {
  const { name, version, license, integrity } = installed
  const [, algorithm, digest] = /^sha(\d+)-(.+)$/.exec(integrity ?? '') ?? []
  return {
    type: 'library',
    'bom-ref': purl(installed),
    name,
    version,
    purl: purl(installed),
    ...(license && { licenses: [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }] }),
    ...(digest && { hashes: [{ alg: `SHA-${algorithm}`, content: Buffer.from(digest, 'base64').toString('hex') }] }),
  }
}

/** Every file of weights that @unspoof/models ships, as its card describes it. */
async function weights() {
  const found = []
  for (const { id, folder, card } of await bundledModels()) {
    for (const { name } of card.files) {
      const sha256 = createHash('sha256').update(await readFile(join(folder, name)))
      found.push({
        type: 'machine-learning-model',
        'bom-ref': `${id}/${name}`,
        name: `${id}/${name}`,
        version: card.version,
        description: card.provenance,
        licenses: [{ license: { id: card.licence } }],
        hashes: [{ alg: 'SHA-256', content: sha256.digest('hex') }],
      })
    }
  }
  return found
}
