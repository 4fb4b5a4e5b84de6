/**
 * A package of a cloud that signs tokens. It brings the SDK of that cloud, so it is no dependency: who uses
 * it installs it, and it is loaded where a setting asks for it.
 */

const TIMEOUT_MS = 5_000

export interface OptionalSigner {
  readonly name: string
  readonly version: string
  /** What of it is used. */
  readonly exported: string
  /** The setting that asks for it, with its value. */
  readonly neededBy: string
  /** What the cloud gives a token for. */
  readonly audience: string
}

/** The package, by its name. */
export type LoadPackage = (name: string) => Promise<unknown>

/** Rejects with a sentence. */
export async function askSigner<Answer>(
  { name, version, exported, neededBy, audience }: OptionalSigner,
  sign: (loaded: unknown) => Promise<Answer>,
  load: LoadPackage = (wanted) => import(wanted),
): Promise<Answer> {
  const loaded = await load(name).catch((error: unknown) => {
    const sentence = `${neededBy} needs the package ${name}, which is not installed: npm install --no-save ${name}@${version}`
    throw new Error(sentence, { cause: error })
  })
  if (typeof loaded !== 'object' || loaded === null || !(exported in loaded)) {
    throw new Error(`${name} has no ${exported}: install ${version}`)
  }
  const { promise: late, reject } = Promise.withResolvers<never>()
  const expire = (): void => reject(new Error(`no answer within ${TIMEOUT_MS} ms`))
  const timer = setTimeout(expire, TIMEOUT_MS)
  try {
    return await Promise.race([sign(loaded), late])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`AWS gives no token for ${audience} (${reason})`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
