import { partsOf } from './visible-text.ts'

/** Elements are made here alone, from text: nothing that comes from outside is ever read as markup. */

export type Child = Node | string

type Attributes = Readonly<Record<string, string>>

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

export function svgElement(tag: string, attributes: Attributes): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

/** An element of the page. Throws where the page has none: the two belong together. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${kind.name} with the id ${id}`)
}

export function svgById(id: string): SVGSVGElement {
  const found = document.getElementById(id)
  if (found instanceof SVGSVGElement) return found
  throw new Error(`the page has no plot with the id ${id}`)
}

export function button(label: string, onClick: () => void, className = ''): HTMLButtonElement {
  const made = element('button', { type: 'button', class: className }, label)
  made.addEventListener('click', onClick)
  return made
}

/** Text of a user: it may be written from right to left, whatever stands around it. */
export function userText(text: string, className = ''): HTMLElement {
  const parts = partsOf(text).map(({ text: part, isNumber }) =>
    isNumber ? element('span', { class: 'hidden-character' }, part) : part,
  )
  return element('bdi', { class: `user-text ${className}`, dir: 'auto' }, ...parts)
}

/** Empty where it was erased. */
export function customerText(customerId: string): HTMLElement {
  return customerId === '' ? element('span', { class: 'sub' }, 'erased') : userText(customerId)
}

export function statusPill(status: string): HTMLElement {
  return element('span', { class: `pill pill-${status}` }, status)
}
