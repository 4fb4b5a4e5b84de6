/**
 * Whether a lane sends with the others of its leader, in one request on one connection, or alone on a
 * connection of its own. A broker answers a request when its slowest partition is done, and begins none
 * of that connection before. So one partition that is slow or stuck would hold up all of them.
 *
 * L15 Together only while well: a lane whose part of a request was anything but a clean and quick ack
 *     sends alone until it has had several of these in a row. A lane that comes back and has to leave
 *     again needs twice as many. So a stuck partition holds up the others once, for as long as the
 *     broker waits for its followers, and one that is sick now and then ever less often.
 *
 * Pure, like rules.ts; test/model plays it.
 */

/** Far above what a partition that is well needs, far below the time of a request. */
export const QUICK_MS = 100

const QUICK_NEEDED_MIN = 4
const QUICK_NEEDED_MAX = 1_024

export interface Sharing {
  readonly isShared: boolean
  /** Clean and quick acks, one after the other. */
  readonly quickInRow: number
  /** So many bring a lane back to the others, and prove one of them well. */
  readonly quickNeeded: number
  /** Of a lane that is well. */
  readonly quickNeededMin: number
}

/** Of a lane of which nothing bad is known. */
export function beginShared(quickNeededMin = QUICK_NEEDED_MIN): Sharing {
  return { isShared: true, quickInRow: 0, quickNeeded: quickNeededMin, quickNeededMin }
}

export function sendAlone(sharing: Sharing): Sharing {
  const { isShared, quickNeeded } = sharing
  return {
    ...sharing,
    isShared: false,
    quickInRow: 0,
    quickNeeded: isShared ? Math.min(2 * quickNeeded, QUICK_NEEDED_MAX) : quickNeeded,
  }
}

/** `isClean`: an ack of a first request, and not one of a repeat. */
export function hearAnswer(sharing: Sharing, isClean: boolean, tookMs: number): Sharing {
  if (!isClean || tookMs > QUICK_MS) return sendAlone(sharing)
  const quickInRow = sharing.quickInRow + 1
  if (quickInRow < sharing.quickNeeded) return { ...sharing, quickInRow }
  if (sharing.isShared) return beginShared(sharing.quickNeededMin)
  return { ...sharing, isShared: true, quickInRow: 0 }
}
