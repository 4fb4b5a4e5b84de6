import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The rules of the house that a machine can check: who may import whom, and how large a file gets. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const LINES_MAX = 300

/**
 * Folder → the folders it may import beside its own, and the packages. The longest match counts.
 * `node:*` is named where I/O is allowed; a folder that is not here is not allowed at all.
 */
const MAY_IMPORT: Record<string, { folders: readonly string[]; packages: readonly string[] }> = {
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
    folders: [
      'src/config',
      'src/business',
      'src/compose-audit.ts',
      'src/compose-diagnosis.ts',
      'src/compose-tools.ts',
    ],
    packages: ['node:*'],
  },
  'src/console': { folders: [], packages: [] },
  'src/config': { folders: [], packages: ['typebox', 'typebox/value', 'node:*'] },
  'src/service': { folders: ['src/business', 'src/models'], packages: ['node:*'] },
  'src/service/kafka': {
    folders: ['src/business', 'src/models'],
    packages: ['@platformatic/kafka', 'node:*'],
  },
  'src/service/schema-registry': {
    folders: ['src/business', 'src/models'],
    packages: ['avsc', 'node:*'],
  },
  'src/service/storage': { folders: ['src/business', 'src/models'], packages: ['node:*'] },
  'src/service/storage/postgres': {
    folders: ['src/business', 'src/models', 'src/service/storage'],
    packages: ['pg', 'node:*'],
  },
}

/** The files that know every layer. */
const FREE_FILES = new Set([
  'src/compose.ts',
  'src/compose-audit.ts',
  'src/compose-diagnosis.ts',
  'src/compose-tools.ts',
  'src/main.ts',
])

const IMPORT = /(?:^(?:import|export)\s(?:[^'"]*?\sfrom\s)?|\bimport\()['"]([^'"]+)['"]/gmu

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

function houseOf(path: string): string | undefined {
  const homes = Object.keys(MAY_IMPORT).filter((folder) => path.startsWith(`${folder}/`))
  return homes.toSorted((one, other) => other.length - one.length)[0]
}

function forbiddenImports({ path, text }: Source): string[] {
  if (FREE_FILES.has(path)) return []
  const home = houseOf(path)
  const rule = home === undefined ? undefined : MAY_IMPORT[home]
  if (home === undefined || rule === undefined) return [`${path}: the house has no such folder`]
  const isAllowed = (specifier: string): boolean => {
    if (!specifier.startsWith('.')) {
      return rule.packages.some((name) =>
        name.endsWith('*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name,
      )
    }
    const target = relative(ROOT, join(ROOT, dirname(path), specifier))
    return [home, ...rule.folders].some(
      (folder) => target === folder || target.startsWith(`${folder}/`),
    )
  }
  return [...text.matchAll(IMPORT)]
    .map((match) => match[1] ?? '')
    .filter((specifier) => !isAllowed(specifier))
    .map((specifier) => `${path} may not import ${specifier}`)
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
})

/** The files of src that a file imports, types included: a type that lives in the wrong file counts. */
function importedFiles({ path, text }: Source): string[] {
  return [...text.matchAll(IMPORT)]
    .map((match) => match[1] ?? '')
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

/** What makes an error that a caller is told, and the file that has the sentences. */
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

function dependenciesOf(path: string): Record<string, string> {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
  return (manifest as { dependencies: Record<string, string> }).dependencies
}

test('the example that others copy names the versions that it is tested with', () => {
  const ours = dependenciesOf('package.json')
  const named = Object.entries(dependenciesOf('examples/typescript/package.json'))
  assert.deepEqual(
    named.filter(([name, version]) => ours[name] !== version),
    [],
  )
})

test('names of tests are unique, so that a failure says where it is', () => {
  const names = sources('test/**/*.test.ts').flatMap(({ text }) =>
    [...text.matchAll(/^\s*test\(\s*'((?:[^'\\]|\\.)+)'/gmu)].map((match) => match[1] ?? ''),
  )
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  assert.deepEqual(repeated, [])
})
