import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

/** What the service is made of, as the lock file has it: licences, install scripts, exact versions. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** All of them allow the service to be used and passed on under its own licence. */
const LICENCES = new Set(['Apache-2.0', 'BlueOak-1.0.0', 'BSD-3-Clause', 'ISC', 'MIT', 'OFL-1.1'])

/** For what is not passed on: it must not change what we write. */
const DEVELOPMENT_LICENCES = new Set([...LICENCES, 'MPL-2.0'])

interface LockedPackage {
  readonly dev?: boolean
  readonly version: string
  readonly license?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly os?: string
  readonly cpu?: string
}

interface ComposeFile {
  readonly services: Readonly<
    Record<string, { readonly cap_drop?: unknown; readonly security_opt?: unknown }>
  >
}

interface Manifest {
  readonly version: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function lockedPackages(): Array<[path: string, LockedPackage]> {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }
  return Object.entries(lock.packages).filter(([path]) => path !== '')
}

const manifest = JSON.parse(read('package.json')) as Manifest

test('every package has a licence of the list', () => {
  const packages = lockedPackages()
  assert.ok(packages.length > 100)
  assert.deepEqual(
    packages.filter(
      ([, { license = '', dev }]) => !(dev === true ? DEVELOPMENT_LICENCES : LICENCES).has(license),
    ),
    [],
  )
})

test('no package has an install script', () => {
  assert.deepEqual(
    lockedPackages().filter(([, { hasInstallScript }]) => hasInstallScript === true),
    [],
  )
})

test('every package is known by the hash of its content, and named by an exact version', () => {
  assert.deepEqual(
    lockedPackages().filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true),
    [],
  )
  const named = Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  })
  assert.deepEqual(
    named.filter(([, version]) => !/^\d+\.\d+\.\d+$/u.test(version)),
    [],
  )
})

test('the lock file has one Node.js by its hash for each system', () => {
  const locked = new Map(lockedPackages())
  const found = Object.entries(manifest.optionalDependencies).map(([name, version]) => {
    const { os, cpu, ...it } = locked.get(`node_modules/${name}`) ?? assert.fail(name)
    assert.equal(it.version, version, name)
    assert.match(it.integrity ?? '', /^sha512-/u, name)
    return [os, cpu]
  })
  assert.deepEqual(found, [
    ['darwin', 'arm64'],
    ['darwin', 'x64'],
    ['linux', 'arm64'],
    ['linux', 'x64'],
    ['win32', 'x64'],
  ])
})

test('every runtime dependency has a line in the decision on them', () => {
  const page = read('docs/decisions/0008-choose-runtime-dependencies.md')
  assert.deepEqual(
    Object.keys(manifest.dependencies).filter((name) => !page.includes(`\`${name}\``)),
    [],
  )
})

test('the licence that package.json names is here', () => {
  assert.equal(manifest.license, 'Apache-2.0')
  assert.match(read('LICENSE'), /^\s+Apache License\s+Version 2\.0, January 2004/u)
})

test('the changelog has the version of package.json first', () => {
  const [newest] = [...read('CHANGELOG.md').matchAll(/^## (\S+)/gmu)].map((match) => match[1])
  assert.equal(newest, manifest.version)
})

test('one version of Node.js: in package.json, the image and the workflows', () => {
  const files = ['Dockerfile', ...globSync('.github/workflows/*.yml', { cwd: ROOT })]
  const versions = files.flatMap((path) =>
    [...read(path).matchAll(/\bnode(?:-version)?: ?(\d[\d.]*)/gu)].map((match) => match[1]),
  )
  assert.ok(versions.length >= 4)
  const pinned = new Set(Object.values(manifest.optionalDependencies))
  assert.equal(pinned.size, 1)
  assert.deepEqual(new Set(versions), pinned)
})

test('no container of compose has or gains a right of the system', () => {
  const files = ['compose.yaml', 'compose.zookeeper.yaml'].map(
    // It does not know the tag `!override` of compose, and need not.
    (path) => (parse(read(path), { logLevel: 'error' }) as ComposeFile).services,
  )
  const names = new Set(files.flatMap((services) => Object.keys(services)))
  assert.deepEqual(names, new Set(['kafka', 'schema-registry', 'cart-service', 'zookeeper']))
  for (const name of names) {
    const service = Object.assign({}, ...files.map((services) => services[name]))
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
  }
})

/** Beside `npm test`: they need what npm cannot bring. */
const COMMANDS_OF_THEIR_OWN = ['test:image', 'test:chart', 'test:alerts']

test('a workflow runs each test that is a command of its own', () => {
  const files = globSync('.github/workflows/*.yml', { cwd: ROOT })
  const steps = files.flatMap((path) => read(path).split('\n'))
  assert.deepEqual(
    COMMANDS_OF_THEIR_OWN.filter((name) => !steps.some((step) => step.endsWith(`npm run ${name}`))),
    [],
  )
})

test('a request to change what is in the image builds the image', () => {
  const copies = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gmu)]
  const copied = copies.flatMap(([, sources = '']) => sources.split(' '))
  assert.ok(copied.includes('src'))
  const { on } = parse(read('.github/workflows/image.yml')) as {
    readonly on: { readonly pull_request: { readonly paths: readonly string[] } }
  }
  assert.deepEqual(
    copied.filter((path) => !on.pull_request.paths.some((one) => one.replace('/**', '') === path)),
    [],
  )
})

test('workflows name actions by their commits, and may only read what they do not say', () => {
  for (const path of globSync('.github/workflows/*.yml', { cwd: ROOT })) {
    const workflow = read(path)
    const actions = [...workflow.matchAll(/\buses: (.*)$/gmu)].map((match) => match[1] ?? '')
    assert.ok(actions.length > 0, path)
    assert.deepEqual(
      actions.filter(
        (action) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/u.test(action),
      ),
      [],
      path,
    )
    assert.match(workflow, /^permissions:\n {2}contents: read$/mu, path)
  }
})
