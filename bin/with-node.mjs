// Runs one of the project's .ts files with the Node version that package.json pins, installing the
// dependencies first where they are missing or not those of package-lock.json:
//
//   node bin/with-node.mjs [src/main.mjs] [args…]
//
// What is in this folder is executed by whatever Node the machine has, so it keeps to what Node 16 knows.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readPinnedNode } from './pinned-node.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [script = 'src/main.mjs', ...scriptArgs] = process.argv.slice(2)
// Only scripts/ (tests, checks) uses devDependencies; a production install has none.
const needsDevDependencies = script.startsWith('scripts/')
const parentCheckMs = 500

if (!isInstalled() || findNode() === undefined) install()
run(findNode() ?? failWithoutNode())

/** Whether node_modules holds what package-lock.json asks for; npm writes its own record last. */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = readPackages(record)
  return Object.entries(readPackages(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '') return true
    const found = installed[path]
    if (found !== undefined) {
      return found.version === wanted.version && found.integrity === wanted.integrity
    }
    // Optional ones are left out where they are for another system.
    return wanted.optional || ((wanted.dev || wanted.devOptional) && !needsDevDependencies)
  })
}

function readPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages
}

function install() {
  process.stderr.write('Installing dependencies: npm ci\n')
  // Warnings would say that packages want a newer Node than this one, which is not what runs them.
  const args = ['ci', '--loglevel=error', ...(needsDevDependencies ? ['--include=dev'] : [])]
  // npm names its own program when it runs a script; `npm` on PATH might be another one.
  const npm = process.env.npm_execpath
  const [command, commandArgs] =
    npm === undefined ? ['npm', args] : [process.execPath, [npm, ...args]]
  const { status, error } = spawnSync(command, commandArgs, {
    cwd: root,
    // Not to stdout, which is the script's: somebody may read JSON there.
    stdio: ['inherit', 2, 'inherit'],
    shell: npm === undefined && process.platform === 'win32',
  })
  if (status === 0) return
  const reason = error === undefined ? 'see above' : error.message
  fail(`npm ci failed (${reason}). Check the network, then run the same command again.`)
}

/** The pinned Node, or this one where that is not installed and this one will do. */
function findNode() {
  const { version, program } = readPinnedNode(root)
  if (program !== undefined && existsSync(program)) return program
  const isNewEnough = Number(process.versions.node.split('.')[0]) >= Number(version.split('.')[0])
  return isNewEnough ? process.execPath : undefined
}

function failWithoutNode() {
  const { version } = readPinnedNode(root)
  return fail(
    `This needs Node ${version} and runs on ${process.versions.node}, and npm installed none for ` +
      `${process.platform} on ${process.arch}. Install Node ${version}, then run the same command again.`,
  )
}

function run(node) {
  // The IPC channel tells the script that this process is gone, however it went.
  const child = spawn(node, [script, ...scriptArgs], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  // A terminal sends Ctrl-C to the whole group, the child included: once is enough.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  if (process.env.npm_lifecycle_event !== undefined) stopWithParent(child)
  child.once('error', (error) => fail(`${node} cannot be run: ${error.message}`))
  child.once('exit', (code, signal) => {
    // As a shell reports it: 128 and the signal's number are not portable, "failed" is.
    process.exit(signal === null ? code : 1)
  })
}

/**
 * npm hands a signal to the shell between it and this process, and that shell dies of it without a
 * word. Outside npm a parent may leave for good reasons, as a login shell does.
 */
function stopWithParent(child) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, parentCheckMs)
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
