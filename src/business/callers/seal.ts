/** Keeps a text with somebody who may neither read nor change it, such as a browser. */
export interface Seal {
  close(text: string): string
  /** Undefined where this seal, or one with the same key, did not make it. */
  open(sealed: string): string | undefined
}
