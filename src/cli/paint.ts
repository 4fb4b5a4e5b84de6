import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** Leaves text as it is where the stream is no terminal, or where NO_COLOR is set. */
export function paintFor(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(style, text, { stream })
}
