/** One after the other: all that a file imports is compiled before a line of it runs. */
await import('./quick-start.ts')
await import('./process.ts')
