import { updateOrderCommand } from './api-client.ts'
import { sendWithNotice } from './change-notice.ts'
import { copyButtons } from './copy-buttons.ts'
import { asCurl, asPython, type Addresses, type Request } from './copy-commands.ts'
import { button, element, userText } from './dom.ts'
import { labelOf, nextStatus, otherStatuses, type Status } from './status-steps.ts'

/** The next step of an order as one button, the other ones in a menu; a question before cancelling. */

/** A click so soon after a step was drawn, as the second one of a double click, was not meant for it. */
const STEADY_AFTER_MS = 600

export interface StatusChange {
  readonly section: HTMLElement
  /** The order was read, at this version. */
  readonly show: (status: string, entityTag: string) => void
  /** It cannot be read, so it cannot be changed. */
  readonly disable: () => void
}

export function createStatusChange(
  orderId: string,
  addresses: () => Addresses,
  onChanged: () => void,
): StatusChange {
  const steps = element('div', { class: 'steps' })
  const copy = element('details', { class: 'quiet-details' })
  const section = element('section', { 'aria-label': 'Next step' }, steps, copy)
  /** Of the version that the steps were drawn for: a step is not meant for a later one. */
  let drawnFor: string | undefined
  let isSending = false
  let steadying: ReturnType<typeof setTimeout> | undefined

  function send(status: Status, entityTag: string): void {
    if (isSending) return
    const command = updateOrderCommand({ orderId, status }, entityTag)
    isSending = true
    showReady()
    sendWithNotice(orderId, command, (progress) => {
      if (progress.kind === 'unsure') return
      isSending = false
      steady()
      onChanged()
    })
  }

  function choose(status: Status, entityTag: string): void {
    if (steadying !== undefined) return
    if (status !== 'cancelled') return send(status, entityTag)
    askToCancel(orderId, () => send(status, entityTag), focusSteps)
  }

  function focusSteps(): void {
    steps.querySelector<HTMLElement>('button, summary')?.focus()
  }

  function steady(): void {
    clearTimeout(steadying)
    steadying = setTimeout(() => {
      steadying = undefined
      showReady()
    }, STEADY_AFTER_MS)
    showReady()
  }

  /** Not `disabled`, which would take the focus away. */
  function showReady(): void {
    const isOff = isSending || steadying !== undefined
    for (const control of steps.querySelectorAll('button')) {
      control.setAttribute('aria-disabled', String(isOff))
    }
  }

  function showSteps(status: string, entityTag: string): void {
    const hadFocus = steps.contains(document.activeElement)
    const next = nextStatus(status)
    const primary = next && button(labelOf(next), () => choose(next, entityTag), 'primary')
    const others = otherStatuses(status).map((other) => {
      const item = button(labelOf(other), () => choose(other, entityTag), 'quiet')
      if (other === 'cancelled') item.classList.add('danger')
      return item
    })
    const menu = element(
      'details',
      { class: 'menu' },
      element('summary', { class: 'button' }, next === undefined ? 'Change status' : 'Other'),
      element('div', { class: 'menu-items' }, ...others),
    )
    steps.replaceChildren(...(primary === undefined ? [menu] : [primary, menu]))
    if (hadFocus) focusSteps()
    steady()
    showCopies(next ?? 'delivered')
  }

  function showCopies(status: Status): void {
    const request: Request = { method: 'PUT', path: 'api/update-order', body: { orderId, status } }
    copy.replaceChildren(
      element('summary', {}, 'From a shell or a program'),
      copyButtons(`“${labelOf(status)}” as`, [
        { label: 'curl', text: () => asCurl(addresses(), request) },
        { label: 'Python', text: () => asPython(addresses(), request) },
      ]),
    )
  }

  return {
    section,
    show(status, entityTag) {
      section.hidden = false
      if (drawnFor === entityTag) return
      drawnFor = entityTag
      showSteps(status, entityTag)
    },
    disable() {
      drawnFor = undefined
      section.hidden = true
    },
  }
}

/** The menu that led here is closed, so the focus cannot go back into it: the caller says where it goes. */
function askToCancel(orderId: string, onYes: () => void, onClosed: () => void): void {
  const keep = button('Keep the order', () => dialog.close())
  const cancel = button(
    'Cancel the order',
    () => {
      dialog.close()
      onYes()
    },
    'primary danger',
  )
  const title = element('h2', { id: 'cancel-title' }, 'Cancel ', userText(orderId), '?')
  const dialog = element(
    'dialog',
    { class: 'dialog small-dialog', 'aria-labelledby': 'cancel-title' },
    title,
    element('p', {}, 'Everybody who follows the orders is told. An event cannot be taken back.'),
    element('div', { class: 'dialog-actions' }, keep, cancel),
  )
  dialog.addEventListener('close', () => {
    dialog.remove()
    onClosed()
  })
  document.body.append(dialog)
  dialog.showModal()
}
