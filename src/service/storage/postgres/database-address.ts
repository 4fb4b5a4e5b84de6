/** For what reads or changes a database beside the services that use it. */
export interface DatabaseAddress {
  readonly url: string
  readonly passwordFile?: string | undefined
  readonly signPassword?: (() => Promise<string>) | undefined
  /** As sentences name it. */
  readonly database: string
}
