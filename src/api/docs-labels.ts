/**
 * A script for the page of Swagger UI, which leaves some of its controls without a name: a screen reader
 * says "combo box", and not of what. It also puts links into buttons, skips levels of headings and leaves
 * parts outside of all landmarks. By their selectors, as of the version that package.json pins.
 */
const NAMES = {
  '#servers': 'Server',
  '.examples-select-element': 'Example',
  '.body-param__text': 'Request body',
}

const REGIONS = { '.information-container': 'About', '.scheme-container': 'Servers' }

const LEVELS = { '.opblock-tag': 2, 'section.models h4': 2, '.opblock h4': 3, '.opblock h5': 4 }

/** The page makes its parts anew as people open things. */
export const LABELS_SCRIPT = `
const names = ${JSON.stringify(NAMES)}
const regions = ${JSON.stringify(REGIONS)}
const levels = ${JSON.stringify(LEVELS)}
function nameControls() {
  for (const [selector, name] of Object.entries(names)) {
    for (const control of document.querySelectorAll(selector + ':not([aria-label])')) {
      control.setAttribute('aria-label', name)
    }
  }
  for (const control of document.querySelectorAll('[data-param-name] :is(select, input):not([aria-label])')) {
    const { paramName } = control.closest('[data-param-name]').dataset
    control.setAttribute('aria-label', paramName)
  }
  for (const control of document.querySelectorAll('.json-schema-2020-12-accordion:not([aria-label])')) {
    if (control.textContent === '') control.setAttribute('aria-label', 'Fields')
  }
  for (const [selector, level] of Object.entries(levels)) {
    for (const heading of document.querySelectorAll(selector + ':not([aria-level])')) {
      heading.setAttribute('aria-level', level)
    }
  }
  for (const link of document.querySelectorAll('.opblock-summary-control a[href]')) {
    link.removeAttribute('href')
  }
  for (const table of document.querySelectorAll('table[role="region"]:not([aria-label])')) {
    table.setAttribute('aria-label', table.id.replaceAll('_', ' ') || 'Answer of the server')
  }
  for (const [selector, name] of Object.entries(regions)) {
    for (const region of document.querySelectorAll(selector + ':not([role])')) {
      region.setAttribute('role', 'region')
      region.setAttribute('aria-label', name)
    }
  }
  for (const example of document.querySelectorAll('pre.microlight:not([tabindex])')) {
    example.setAttribute('tabindex', '0')
  }
}
new MutationObserver(nameControls).observe(document.body, { childList: true, subtree: true })
`
