import type { SettingNotes } from './setting-forms.ts'
import { listSettings } from './settings-schema.ts'

/** All settings as a Markdown table: the body of `docs/reference/config.md`. */
export function renderSettingsTable(): string {
  const rows = listSettings().map(
    ({ name, schema }) =>
      `| \`${name}\` | ${defaultOf(schema)} | ${escapeCell(schema.form)} | ${escapeCell(schema.description)} |`,
  )
  return ['| Variable | Default | Value | Meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

/** The text of `.env.example`: every setting, commented out, with its default. */
export function renderEnvExample(): string {
  const entries = listSettings().map(
    ({ name, schema }) =>
      `# ${schema.description}\n# Must be ${schema.form}.\n#${name}=${schema.default ?? ''}\n`,
  )
  return ['# Copy to .env and uncomment what you change.\n', ...entries].join('\n')
}

function defaultOf(schema: SettingNotes): string {
  return schema.default === undefined ? '(unset)' : `\`${schema.default}\``
}

/** A bare `<` would begin an HTML tag, a bare `|` the next cell. */
function escapeCell(text: string): string {
  return text.replace(/[<|]/g, String.raw`\$&`)
}
