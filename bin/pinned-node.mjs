// The Node.js that runs everything: a package for each system, of which npm installs one after it has
// compared its content with the hash in package-lock.json. Read by whatever Node the machine has, from
// 16 on.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Its version; and its package and program, where there is one for this system. */
export function readPinnedNode(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const all = Object.entries(packages).filter(([, { bin }]) => bin !== undefined && bin.node)
  const own = all.find(([, { os, cpu }]) => os === process.platform && cpu === process.arch)
  const [, { version }] = all[0]
  if (own === undefined) return { version }
  const [folder, { bin }] = own
  return { version, folder, program: join(root, folder, bin.node) }
}
