import { sendCommand, type Answer, type Command, type CommandAnswer } from './api-client.ts'
import { button, element } from './dom.ts'
import { visible } from './visible-text.ts'

/** A form that sends a change and says what became of it, in the service's own sentences. */

export interface CommandFormOptions {
  readonly form: HTMLFormElement
  /** A live region. */
  readonly result: HTMLElement
  readonly command: () => Command
  readonly onDone: (answer: CommandAnswer) => void
}

/** Of a bug nobody knows what it left undone. */
const SERVER_BUG = 500

/** Worth another try as it is: the earlier request, or another change, is still under way. */
const IN_FLIGHT_CODES = ['CHANGE_IN_FLIGHT', 'REQUEST_IN_FLIGHT']

export function startCommandForm(options: CommandFormOptions): void {
  const { form, result, command, onDone } = options
  const submit = form.querySelector<HTMLButtonElement>('button[type=submit]')

  async function send(request: Command): Promise<void> {
    if (submit?.getAttribute('aria-disabled') === 'true') return
    clearErrors(form)
    // Not `disabled`, which would take the focus away.
    submit?.setAttribute('aria-disabled', 'true')
    result.className = 'result'
    result.textContent = 'Sent, waiting for Kafka…'
    const startMs = performance.now()
    const answer = await sendCommand(request)
    const tookMs = Math.round(performance.now() - startMs)
    submit?.removeAttribute('aria-disabled')
    if (answer.kind === 'success') {
      showResult(result, 'good', `${answer.body.message}, in ${tookMs} ms.`)
      onDone(answer.body)
      return
    }
    showFailure(answer, request)
  }

  function showFailure(
    answer: Exclude<Answer<CommandAnswer>, { kind: 'success' }>,
    request: Command,
  ): void {
    const again = button('Send the same request again', () => void send(request), 'small')
    if (answer.kind === 'no-answer') {
      showResult(result, 'unsure', 'It may have happened: no answer came.', again)
      return
    }
    const { problem } = answer
    if (problem.errors !== undefined && showFieldErrors(form, problem.errors)) {
      showResult(result, 'bad', `${problem.title}.`)
    } else if (problem.outcome === 'unknown' || problem.status === SERVER_BUG) {
      const find = 'Send it again to find out: it is carried out once.'
      showResult(result, 'unsure', `It may have happened: ${problem.detail}. ${find}`, again)
    } else if (problem.outcome === 'not-applied') {
      showResult(result, 'bad', `Nothing happened: ${problem.detail}.`, again)
    } else if (IN_FLIGHT_CODES.includes(problem.code)) {
      showResult(result, 'unsure', `${problem.detail}.`, again)
    } else {
      showResult(result, 'bad', `${problem.detail}.`)
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void send(command())
  })
}

function showResult(
  result: HTMLElement,
  mood: 'good' | 'bad' | 'unsure',
  text: string,
  ...more: readonly Node[]
): void {
  result.className = `result ${mood}`
  result.replaceChildren(element('span', {}, visible(text)), ...more)
}

function clearErrors(form: HTMLFormElement): void {
  for (const shown of form.querySelectorAll('.field-error')) shown.remove()
  for (const field of form.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid')
    field.removeAttribute('aria-describedby')
  }
}

/** True when each of them found its field; the first of them gets the focus. */
function showFieldErrors(
  form: HTMLFormElement,
  errors: readonly { readonly field: string; readonly message: string }[],
): boolean {
  const fields = errors.map(({ field }) => form.elements.namedItem(field))
  for (const [index, field] of fields.entries()) {
    const message = errors[index]?.message
    if (!(field instanceof HTMLElement) || message === undefined) continue
    const id = `${field.id}-error`
    field.setAttribute('aria-invalid', 'true')
    field.setAttribute('aria-describedby', id)
    field.after(element('p', { class: 'field-error', id }, visible(message)))
  }
  const [first] = fields
  if (first instanceof HTMLElement) first.focus()
  return fields.every((field) => field instanceof HTMLElement)
}

/** A number where it is one, else the text as it stands: the service says what is wrong with it. */
export function numberOrText(text: string): number | string {
  const trimmed = text.trim()
  return /^-?\d{1,15}(?:\.\d{1,15})?$/u.test(trimmed) ? Number(trimmed) : text
}
