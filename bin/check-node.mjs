// npm runs this at the end of `npm ci` and `npm install`. The pinned Node is optional for npm, because
// each system has its own package, and npm leaves out without a word what is optional and cannot be
// fetched, or has another content than the hash in package-lock.json says.
import { existsSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readPinnedNode } from './pinned-node.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { version, folder, program } = readPinnedNode(root)
const { npm_config_omit: omitted = '', npm_config_package_lock_only: lockOnly } = process.env
const isWanted = program !== undefined && !omitted.includes('optional') && lockOnly !== 'true'

if (program !== undefined && existsSync(program)) {
  link()
} else if (isWanted) {
  const name = basename(folder)
  process.stderr.write(
    `Node ${version} is not installed: npm could not fetch ${name}, or its content is not the one that ` +
      `package-lock.json has the hash of. The registry's: npm view ${name}@${version} dist.integrity\n`,
  )
  process.exitCode = 1
}

/** npm 10 and older take this link away with the packages of other systems, which have one of this name. */
function link() {
  const path = join(root, 'node_modules', '.bin', 'node')
  if (process.platform === 'win32' || existsSync(path)) return
  rmSync(path, { force: true })
  symlinkSync(relative(dirname(path), program), path)
}
