/** HTML by template: what is put into one is escaped, unless it is HTML already. */

export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

type Part = string | number | Html | readonly Part[]

export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(textOf)))
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.toString()
  if (Array.isArray(part)) return part.map(textOf).join('')
  return escapeHtml(String(part))
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}

/** A text of paragraphs with `code` in them, as descriptions are written. */
export function prose(text: string): Html {
  return markup`${text.split(/\n{2,}/).map((paragraph) => markup`<p>${inline(paragraph)}</p>`)}`
}

/** One line of such a text: the parts between backticks are code. */
export function inline(text: string): Html {
  const parts = text.split('`')
  return markup`${parts.map((part, index) => (index % 2 === 1 ? markup`<code>${part}</code>` : part))}`
}
