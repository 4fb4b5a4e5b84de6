/** As V8's profiler has it, as far as it is looked at. */
export interface Profile {
  readonly nodes: readonly ProfileNode[]
  /** Ids of nodes: what ran when it was looked. */
  readonly samples: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

/**
 * The share of the time at work that was spent in files of this kind: in their own functions, and in what
 * of Node.js and V8 these called. Garbage is collected for all together, so it is in the time at work and
 * in no share.
 */
export function shareOf({ nodes, samples }: Profile, files: RegExp): number {
  const parents = new Map<number, ProfileNode>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node)

  const ownerOf = (node: ProfileNode): ProfileNode => {
    const { url } = node.callFrame
    const parent = parents.get(node.id)
    return parent !== undefined && (url === '' || url.startsWith('node:')) ? ownerOf(parent) : node
  }
  return share({ samples, byId, isIn: (node) => files.test(ownerOf(node).callFrame.url) })
}

/** The same of their own functions alone: for files that are between Node.js and what it calls by itself. */
export function ownShareOf({ nodes, samples }: Profile, files: RegExp): number {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  return share({ samples, byId, isIn: ({ callFrame }) => files.test(callFrame.url) })
}

interface Sampled {
  readonly samples: readonly number[]
  readonly byId: ReadonlyMap<number, ProfileNode>
  readonly isIn: (node: ProfileNode) => boolean
}

function share({ samples, byId, isIn }: Sampled): number {
  let atWork = 0
  let spent = 0
  for (const id of samples) {
    const node = byId.get(id)
    if (node === undefined || node.callFrame.functionName === '(idle)') continue
    atWork += 1
    if (isIn(node)) spent += 1
  }
  return spent / atWork
}
