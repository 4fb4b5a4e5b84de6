import { read, sentenceOf, send, type Answer } from './api-client.ts'
import { untilEnded, type Tool, type ToolOutcome, type ToolRun } from './tool-run.ts'

/** The tools of the service, which run beside it, one at a time: started here, and looked at until they end. */

export interface ToolRequest {
  readonly tool: Tool
  readonly topic?: string
  readonly since?: string
  /** With what keys begin. */
  readonly key?: string
  readonly status?: string
}

const ELSEWHERE =
  'This service answers operators on a port of their own (MANAGEMENT_PORT), which this page does not ' +
  'reach. In a shell, “cart doctor”, “cart audit” and “cart listen” show what is shown here otherwise.'

/** Resolves when the run has ended, or could not begin. `onProgress` hears of it meanwhile. */
export async function runTool(
  request: ToolRequest,
  onProgress: (run: ToolRun) => void,
): Promise<ToolOutcome> {
  const started = await send<{ data: ToolRun }>('POST', 'api/operations/runs', request)
  if (started.kind !== 'success') return { kind: 'failed', sentence: refusalOf(started) }
  onProgress(started.body.data)
  return untilEnded(started.body.data, listRuns, onProgress)
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
