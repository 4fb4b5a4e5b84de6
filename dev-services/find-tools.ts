import { findJava, hasDockerCompose, hasMaven } from './java-tools.ts'
import { isLibraryThere, type LibraryName } from './libraries.ts'
import { explainMissingTools } from './plan.ts'

const libraryTitles: Readonly<Record<LibraryName, string>> = {
  kafka: 'Kafka',
  registry: 'the schema registry',
}

/** The java to start `names` with, or why they cannot be started. */
export async function findTools(
  names: readonly LibraryName[],
): Promise<{ readonly java: string | undefined; readonly problems: readonly string[] }> {
  if (names.length === 0) return { java: undefined, problems: [] }
  const areThere = (await Promise.all(names.map(isLibraryThere))).every(Boolean)
  const java = await findJava()
  const tools = { java, hasMaven: areThere || (await hasMaven()) }
  const problem = explainMissingTools(
    names.map((name) => libraryTitles[name]),
    { ...tools, hasDockerCompose: await hasDockerCompose() },
  )
  return {
    java: java.kind === 'found' ? java.command : undefined,
    problems: problem === undefined ? [] : [problem],
  }
}
