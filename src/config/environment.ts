/** Names and texts as a process finds them in its environment. */
export type Environment = Readonly<Record<string, string | undefined>>
