/** What the judges know of the commands that they advise: see ../commands.ts, which makes them. */

export interface TopicCommands {
  readonly allow: (operations: readonly string[]) => string
  readonly alter: (setting: string) => string
}

/** Sets the compatibility level of a subject. */
export type SetLevelCommand = (subject: string, level: string) => string

/** How the service shows the registry who it is. */
export type RegistryAuth = 'none' | 'basic' | 'bearer' | 'oauth'
