/**
 * A script for the page of Swagger UI, which leaves some of its controls without a name: a screen reader
 * says "combo box", and not of what. By their selectors, as of the version that package.json pins.
 */
const NAMES = {
  '#servers': 'Server',
  '.examples-select-element': 'Example',
  '.body-param__text': 'Request body',
}

/** The page makes its controls anew as people open things. */
export const LABELS_SCRIPT = `
const names = ${JSON.stringify(NAMES)}
function nameControls() {
  for (const [selector, name] of Object.entries(names)) {
    for (const control of document.querySelectorAll(selector + ':not([aria-label])')) {
      control.setAttribute('aria-label', name)
    }
  }
  for (const control of document.querySelectorAll('[data-param-name] select:not([aria-label])')) {
    const { paramName } = control.closest('[data-param-name]').dataset
    control.setAttribute('aria-label', paramName)
  }
}
new MutationObserver(nameControls).observe(document.body, { childList: true, subtree: true })
`
