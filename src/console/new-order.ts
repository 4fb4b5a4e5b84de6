import { createOrderCommand, type Problem } from './api-client.ts'
import { sendWithNotice } from './change-notice.ts'
import { copyButtons } from './copy-buttons.ts'
import { asCurl, asPython, type Addresses, type Request } from './copy-commands.ts'
import { clearErrors, clearErrorsOnInput, showFieldErrors } from './field-errors.ts'
import { startItemRows } from './new-order-items.ts'
import { numberOrText } from './number-or-text.ts'
import { visible } from './visible-text.ts'

/** A new order: generated, or with its own items. What is wrong with it the service says. */

export interface NewOrderView {
  readonly dialog: HTMLDialogElement
  readonly form: HTMLFormElement
  readonly orderId: HTMLInputElement
  readonly customerId: HTMLInputElement
  readonly currency: HTMLInputElement
  readonly numItems: HTMLInputElement
  readonly generated: HTMLElement
  readonly own: HTMLElement
  readonly rows: HTMLElement
  readonly addRow: HTMLButtonElement
  readonly result: HTMLElement
  readonly submit: HTMLButtonElement
  readonly copies: HTMLElement
}

const ORDER_ALREADY_EXISTS = 'ORDER_ALREADY_EXISTS'

export interface NewOrder {
  readonly open: () => void
}

export function startNewOrder(view: NewOrderView, addresses: () => Addresses): NewOrder {
  const { dialog, form, orderId, result, submit } = view
  const rows = startItemRows(view.rows, view.addRow)
  /** Of the request that is under way; the dialog may have been closed and opened since. */
  let sending: object | undefined

  const isOwn = (): boolean => new FormData(form).get('kind') === 'own'

  function body(): Record<string, unknown> {
    const [customerId, currency] = [view.customerId.value, view.currency.value]
    return {
      orderId: orderId.value,
      ...(customerId !== '' && { customerId }),
      ...(currency !== '' && { currency }),
      ...(isOwn() ? { items: rows.items() } : { numItems: numberOrText(view.numItems.value) }),
    }
  }

  function send(): void {
    if (sending !== undefined) return
    const mine = {}
    setSending(mine)
    setResult('Sent, waiting for Kafka…')
    sendWithNotice(orderId.value.trim(), createOrderCommand(body()), (progress) => {
      if (sending !== mine) return undefined
      setSending(undefined)
      if (progress.kind === 'refused') return showRefusal(progress.problem)
      if (progress.kind === 'done') empty()
      dialog.close()
      return undefined
    })
  }

  function showRefusal({ code, title, detail, outcome, ...problem }: Problem): 'told' {
    const errors =
      code === ORDER_ALREADY_EXISTS ? [{ field: 'orderId', message: detail }] : problem.errors
    const isAtFields = errors !== undefined && showFieldErrors(form, errors)
    const nothing = outcome === 'not-applied' ? 'Nothing happened: ' : ''
    setResult(isAtFields ? `${title}.` : `${nothing}${visible(detail)}.`, true)
    return 'told'
  }

  /** Not `disabled`, which would take the focus away. */
  function setSending(token: object | undefined): void {
    sending = token
    submit.setAttribute('aria-disabled', String(token !== undefined))
  }

  function setResult(text: string, isRefusal = false): void {
    result.textContent = text
    result.classList.toggle('is-refusal', isRefusal)
  }

  /** The next order is another one: nothing of this one belongs to it. */
  function empty(): void {
    form.reset()
    view.rows.replaceChildren()
    showKind()
  }

  function showKind(): void {
    view.generated.hidden = isOwn()
    view.own.hidden = !isOwn()
    if (isOwn()) rows.ensureOne()
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send()
  })
  form.addEventListener('change', showKind)
  clearErrorsOnInput(form)
  form.addEventListener('input', () => {
    if (sending === undefined) setResult('')
  })
  for (const cancel of form.querySelectorAll<HTMLButtonElement>('[data-closes]')) {
    cancel.addEventListener('click', () => dialog.close())
  }
  dialog.addEventListener('close', () => setSending(undefined))
  const request = (): Request => ({ method: 'POST', path: 'api/create-order', body: body() })
  view.copies.append(
    copyButtons('Copy as', [
      { label: 'curl', text: () => asCurl(addresses(), request()) },
      { label: 'Python', text: () => asPython(addresses(), request()) },
    ]),
  )
  showKind()
  return {
    open() {
      if (dialog.open) return
      setResult('')
      clearErrors(form)
      orderId.value = `ORD-${Date.now().toString(36).toUpperCase()}`
      dialog.showModal()
      orderId.select()
    },
  }
}
