import { element } from './dom.ts'
import { visible } from './visible-text.ts'

/** The service's sentences beside the fields that they are about, until those are corrected. */

interface FieldError {
  readonly field: string
  readonly message: string
}

/** True when each of them found its field; the first of them gets the focus. */
export function showFieldErrors(form: HTMLFormElement, errors: readonly FieldError[]): boolean {
  clearErrors(form)
  const fields = errors.map(({ field }) => form.elements.namedItem(field))
  for (const [index, field] of fields.entries()) {
    const message = errors[index]?.message
    if (!(field instanceof HTMLElement) || message === undefined) continue
    const id = `${field.id}-error`
    field.setAttribute('aria-invalid', 'true')
    field.setAttribute('aria-describedby', id)
    const home = field.closest('.item-row') ?? field.closest('.field') ?? field
    home.append(element('p', { class: 'field-error', id }, visible(namedAsShown(message, field))))
  }
  const first = fields.find((field) => field instanceof HTMLElement)
  if (first instanceof HTMLElement) first.focus()
  return fields.every((field) => field instanceof HTMLElement)
}

/** Programs know a field by another name than the one that stands beside it. */
function namedAsShown(message: string, field: HTMLElement): string {
  const name = `${field.getAttribute('name')} `
  const label =
    field.getAttribute('aria-label') ?? document.querySelector(`[for="${field.id}"]`)?.textContent
  if (!label || !message.startsWith(name)) return message
  return `${label} ${message.slice(name.length)}`
}

/** A sentence on a text that is another one by now is not true any more. */
export function clearErrorsOnInput(form: HTMLFormElement): void {
  form.addEventListener('input', ({ target }) => {
    if (target instanceof HTMLElement) clearError(target)
  })
}

export function clearErrors(form: HTMLFormElement): void {
  for (const field of form.querySelectorAll<HTMLElement>('[aria-invalid]')) clearError(field)
}

function clearError(field: HTMLElement): void {
  const id = field.getAttribute('aria-describedby')
  if (id !== null) document.getElementById(id)?.remove()
  field.removeAttribute('aria-invalid')
  field.removeAttribute('aria-describedby')
}
