/**
 * Following a run of a tool until it ends. Each instance of the service keeps its own runs, and behind a
 * load balancer any of them may answer: the time at which the run began says which one is meant.
 */

export type Tool = 'doctor' | 'audit' | 'read-topic'

export interface ToolRun {
  readonly tool: Tool
  readonly state: 'running' | 'done' | 'failed'
  readonly startedAt: string
  readonly endedAt: string | null
  readonly topic: string | null
  readonly progress: string | null
  readonly problem: string | null
  readonly result: unknown
}

export type ToolOutcome =
  | { readonly kind: 'run'; readonly run: ToolRun }
  /** A sentence with its full stop. */
  | { readonly kind: 'failed'; readonly sentence: string }

/** Undefined: the service does not answer. */
export type ListRuns = () => Promise<readonly ToolRun[] | undefined>

const LOOK_EVERY_MS = 500

/** Of a run: none takes longer. */
const LOOKS_MAX = 2_000

/** Answers in a row that do not have the run: half a minute. */
const ANSWERS_WITHOUT_MAX = 60

const NOT_ENDED = 'It has not ended.'

const NOT_FOUND =
  'Its result is not known: the instance that ran it was started again, or another instance answers. Run it again.'

/** `begun`: by anybody. */
export async function untilEnded(
  begun: ToolRun,
  listRuns: ListRuns,
  onProgress: (run: ToolRun) => void,
): Promise<ToolOutcome> {
  let sentence = NOT_ENDED
  let answersWithout = 0
  for (let looks = 0; looks < LOOKS_MAX && answersWithout < ANSWERS_WITHOUT_MAX; looks += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS)
    })
    const runs = await listRuns()
    if (runs === undefined) {
      sentence = 'The service does not answer.'
      continue
    }
    const run = runs.find((one) => one.tool === begun.tool && one.startedAt === begun.startedAt)
    if (run === undefined) {
      sentence = NOT_FOUND
      answersWithout += 1
      continue
    }
    if (run.state !== 'running') return { kind: 'run', run }
    sentence = NOT_ENDED
    answersWithout = 0
    onProgress(run)
  }
  return { kind: 'failed', sentence }
}
