import process from 'node:process'
import fc from 'fast-check'

/** Something of ours that reads what others wrote, and inputs for it without end. */
export interface FuzzTarget {
  readonly name: string
  /** Its part of a million. */
  readonly inputs: number
  /** Inputs that one run of the property has. */
  readonly inputsPerRun?: number
  open(): Promise<OpenFuzzTarget>
}

export interface OpenFuzzTarget extends AsyncDisposable {
  /** Throws where an input did what none may do. */
  readonly property: fc.IRawProperty<unknown>
}

export interface FuzzResult {
  readonly inputs: number
  readonly seconds: number
  /** With the input that is to blame, and its seed. */
  readonly failure: string | undefined
}

export interface FuzzOptions {
  readonly seed: number
  readonly inputs: number
  /** It ends then; with fewer inputs that is a failure. Undefined: it ends with all of them. */
  readonly timeMsMax?: number
}

/** A run of the property that takes longer hangs, and is a failure. */
const RUN_MS_MAX = 60_000

/** The seed and the path play the input again, however long it is. */
const REPORT_LENGTH_MAX = 2_000

function describe(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
}

/** Plays inputs. What is thrown where nobody catches it is a failure as well. */
export async function playInputs(
  target: FuzzTarget,
  { seed, inputs, timeMsMax }: FuzzOptions,
): Promise<FuzzResult> {
  const { inputsPerRun = 1 } = target
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  process.on('uncaughtException', note).on('unhandledRejection', note)
  const startMs = performance.now()
  try {
    await using opened = await target.open()
    const details = await fc.check(opened.property, {
      seed,
      numRuns: Math.ceil(inputs / inputsPerRun),
      timeout: RUN_MS_MAX,
      ...(timeMsMax !== undefined && { interruptAfterTimeLimit: timeMsMax }),
    })
    const [fault = details.errorInstance] = uncaught
    const report = fc.defaultReportMessage(details) ?? ''
    const isWell = uncaught.length === 0 && !details.failed
    const played = details.numRuns * inputsPerRun
    const early =
      played < inputs ? `its time was over after ${played} of ${inputs} inputs` : undefined
    return {
      inputs: played,
      seconds: (performance.now() - startMs) / 1_000,
      failure: isWell ? early : `${report.slice(0, REPORT_LENGTH_MAX)}\n${describe(fault)}`,
    }
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note)
  }
}
