import { button, element } from './dom.ts'
import { numberOrText } from './number-or-text.ts'

/** The items of a new order, a line each, with the names that the service has for their fields. */

interface NewItem {
  readonly itemId: string
  readonly quantity: number | string
  readonly price: number | string
}

export interface ItemRows {
  readonly items: () => readonly NewItem[]
  readonly ensureOne: () => void
}

const FIELDS = [
  { name: 'itemId', label: 'Item', mode: 'text', value: '' },
  { name: 'quantity', label: 'Quantity', mode: 'numeric', value: '1' },
  { name: 'price', label: 'Price', mode: 'decimal', value: '' },
] as const

export function startItemRows(rows: HTMLElement, add: HTMLButtonElement): ItemRows {
  function addRow(): HTMLElement {
    const remove = button('×', () => removeRow(row), 'quiet')
    const row = element('div', { class: 'item-row' }, ...FIELDS.map(createField), remove)
    rows.append(row)
    number()
    return row
  }

  function removeRow(row: HTMLElement): void {
    const near = row.nextElementSibling ?? row.previousElementSibling
    row.remove()
    number()
    const target = near?.querySelector('input') ?? add
    target.focus()
  }

  /** By their places, as the service counts them. */
  function number(): void {
    for (const [index, row] of [...rows.children].entries()) {
      for (const [place, input] of [...row.querySelectorAll('input')].entries()) {
        const field = FIELDS[place]
        if (field === undefined) continue
        input.name = `items[${index}].${field.name}`
        input.id = `item-${index}-${field.name}`
        input.setAttribute('aria-label', `${field.label} of item ${index + 1}`)
      }
      const remove = row.querySelector('button')
      remove?.setAttribute('aria-label', `Remove item ${index + 1}`)
      if (remove) remove.hidden = rows.childElementCount === 1
    }
  }

  add.addEventListener('click', () => addRow().querySelector('input')?.focus())
  return {
    items: () =>
      [...rows.children].map((row) => {
        const [itemId, quantity, price] = [...row.querySelectorAll('input')].map(
          ({ value }) => value,
        )
        return {
          itemId: itemId ?? '',
          quantity: numberOrText(quantity ?? ''),
          price: numberOrText(price ?? ''),
        }
      }),
    ensureOne() {
      if (rows.childElementCount === 0) addRow()
    },
  }
}

function createField({ name, mode, value }: (typeof FIELDS)[number]): HTMLElement {
  const input = element('input', {
    value,
    inputmode: mode,
    autocomplete: 'off',
    spellcheck: 'false',
    dir: 'auto',
  })
  return element('div', { class: `field field-${name}` }, input)
}
