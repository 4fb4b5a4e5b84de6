import { button, element } from './dom.ts'

/** A row of buttons that copy a text each, and show it: where the browser refuses, a hand can copy. */

export interface Copyable {
  readonly label: string
  readonly text: () => string
}

export function copyButtons(what: string, copyables: readonly Copyable[]): HTMLElement {
  const shown = element('pre', { class: 'command', tabindex: '0', hidden: '' })
  const note = element('span', { class: 'note', role: 'status' })
  const buttons = copyables.map(({ label, text }) =>
    button(label, () => void copy(label, text()), 'small'),
  )

  async function copy(label: string, text: string): Promise<void> {
    shown.textContent = text
    shown.hidden = false
    // There on https and localhost only, and the user may refuse it.
    const isCopied = await Promise.resolve()
      .then(() => navigator.clipboard.writeText(text))
      .then(
        () => true,
        () => false,
      )
    note.textContent = isCopied ? `${label} copied` : 'Copy it from here:'
    if (!isCopied) getSelection()?.selectAllChildren(shown)
  }

  const row = element('div', { class: 'copy-row' }, element('span', {}, what), ...buttons, note)
  return element('div', { class: 'copy' }, row, shown)
}
