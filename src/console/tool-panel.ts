import { durationText, momentText } from './format.ts'
import { listRuns, runTool } from './tool-client.ts'
import { untilEnded, type Tool, type ToolOutcome, type ToolRun } from './tool-run.ts'
import { visible } from './visible-text.ts'

/** One tool: a button that runs it, what it says meanwhile, and what it has found. */

export interface ToolPanelView {
  readonly run: HTMLButtonElement
  /** A live region. */
  readonly progress: HTMLElement
  readonly result: HTMLElement
}

export function startToolPanel(
  tool: Tool,
  { run, progress, result }: ToolPanelView,
  describe: (result: unknown) => readonly Node[],
): void {
  let isRunning = false

  function setRunning(is: boolean): void {
    isRunning = is
    run.setAttribute('aria-disabled', String(is))
  }

  function showProgress(running: ToolRun): void {
    const said = running.progress === null ? '' : `: ${visible(running.progress)}`
    progress.textContent = `Running since ${momentText(running.startedAt)}${said}`
  }

  function showEnd(outcome: ToolOutcome): void {
    setRunning(false)
    if (outcome.kind === 'failed') {
      progress.textContent = outcome.sentence
      return
    }
    showRun(outcome.run)
  }

  function showRun(ended: ToolRun): void {
    const { startedAt, endedAt, problem } = ended
    const tookMs = Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)
    progress.textContent =
      problem === null
        ? `Ended ${momentText(endedAt ?? startedAt)}, after ${durationText(tookMs)}.`
        : `It could not be done: ${visible(problem)}.`
    if (problem === null) result.replaceChildren(...describe(ended.result))
    run.textContent = 'Run again'
  }

  async function takeUp(): Promise<void> {
    const known = (await listRuns())?.find((one) => one.tool === tool)
    if (known === undefined || isRunning) return
    if (known.state !== 'running') return showRun(known)
    setRunning(true)
    showProgress(known)
    showEnd(await untilEnded(known, listRuns, showProgress))
  }

  run.addEventListener('click', () => {
    if (isRunning) return
    setRunning(true)
    void runTool({ tool }, showProgress).then(showEnd)
  })
  void takeUp()
}
