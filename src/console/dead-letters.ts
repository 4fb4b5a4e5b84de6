import type { Addresses } from './copy-commands.ts'
import { countText } from './format.ts'
import { createRecordRow } from './record-row.ts'
import { runTool } from './tool-client.ts'
import { fromRead, type ReadRecord } from './topic-record.ts'
import { visible } from './visible-text.ts'

/** The last records of a topic that is named, such as that of the dead letters: to look at, no more. */

export interface DeadLettersView {
  readonly form: HTMLFormElement
  readonly topic: HTMLInputElement
  readonly since: HTMLSelectElement
  readonly note: HTMLElement
  readonly table: HTMLElement
  readonly body: HTMLElement
}

export function startDeadLetters(view: DeadLettersView, addresses: () => Addresses): void {
  let isReading = false

  async function look(): Promise<void> {
    if (isReading) return
    isReading = true
    const since = view.since.value
    const request = { topic: view.topic.value.trim(), ...(since !== '' && { since }) }
    view.note.textContent = 'Reading…'
    const outcome = await runTool({ tool: 'read-topic', ...request }, ({ progress }) => {
      view.note.textContent = visible(progress ?? 'Reading…')
    })
    isReading = false
    if (outcome.kind === 'failed') {
      view.note.textContent = outcome.sentence
      return
    }
    const { problem, result } = outcome.run
    const { records } = (result ?? { records: [] }) as { readonly records: ReadRecord[] }
    view.note.textContent =
      problem === null
        ? `The last ${countText(records.length, 'record')} of that time.`
        : `It could not be read: ${visible(problem)}.`
    view.table.hidden = records.length === 0
    view.body.replaceChildren(
      ...records.toReversed().flatMap((record) => createRecordRow(fromRead(record), addresses)),
    )
  }

  view.form.addEventListener('submit', (event) => {
    event.preventDefault()
    void look()
  })
}
