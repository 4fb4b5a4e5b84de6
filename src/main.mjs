/**
 * Plain JavaScript, as the first file that it imports: Node keeps what it has stripped of types only after
 * that file, and the first one that it has to strip loads the stripper, 20 MB that stay.
 * One after the other: all that a file imports is compiled before a line of it runs.
 */
const { letYoungGenerationGrow } = await import('./quick-start.mjs')
await import('./process.ts')
letYoungGenerationGrow()
