import { read, sentenceOf, send, type Answer } from './api-client.ts'

/** The tools of the service, which run beside it, one at a time: started here, and looked at until they end. */

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

export interface ToolRequest {
  readonly tool: Tool
  readonly topic?: string
  readonly since?: string
}

const LOOK_EVERY_MS = 500

const ELSEWHERE =
  'This service answers operators on a port of their own (MANAGEMENT_PORT), which this page does not ' +
  'reach. In a shell, “cart doctor”, “cart audit” and “cart listen” show what is shown here otherwise.'

/** Of a run: none takes longer. */
const LOOKS_MAX = 2_000

export type ToolOutcome =
  | { readonly kind: 'run'; readonly run: ToolRun }
  /** A sentence with its full stop. */
  | { readonly kind: 'failed'; readonly sentence: string }

/** Resolves when the run has ended, or could not begin. `onProgress` hears of it meanwhile. */
export async function runTool(
  request: ToolRequest,
  onProgress: (run: ToolRun) => void,
): Promise<ToolOutcome> {
  const started = await send<{ data: ToolRun }>('POST', 'api/operations/runs', request)
  if (started.kind !== 'success') return { kind: 'failed', sentence: refusalOf(started) }
  onProgress(started.body.data)
  return untilEnded(request.tool, onProgress)
}

/** Of a run that is under way, whoever began it. */
export async function untilEnded(
  tool: Tool,
  onProgress: (run: ToolRun) => void,
): Promise<ToolOutcome> {
  let sentence = 'It has not ended.'
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS)
    })
    const runs = await listRuns()
    if (runs === undefined) {
      sentence = 'The service does not answer.'
      continue
    }
    const run = runs.find((one) => one.tool === tool)
    // Another process answers now.
    if (run === undefined) return { kind: 'failed', sentence: 'The service has begun anew.' }
    if (run.state !== 'running') return { kind: 'run', run }
    onProgress(run)
  }
  return { kind: 'failed', sentence }
}

/** In the words of the service, but where operators have a port of their own: there this page finds no path. */
export function refusalOf(answer: Exclude<Answer<unknown>, { kind: 'success' }>): string {
  const isElsewhere = answer.kind === 'problem' && answer.problem.code === 'PATH_NOT_FOUND'
  return isElsewhere ? ELSEWHERE : sentenceOf(answer)
}

export async function listRuns(): Promise<readonly ToolRun[] | undefined> {
  const answer = await read<{ data: readonly ToolRun[] }>('api/operations/runs')
  return answer.kind === 'success' ? answer.body.data : undefined
}
