import type { Given } from './caller-settings.ts'
import { parseDatabaseUrl } from './setting-text.ts'

/** How PostgreSQL learns who we are: settings that only together mean something. */

/** A sentence for each, beginning with the name of a setting. None repeats a value. */
export function findDatabaseContradictions(given: Given): readonly string[] {
  const isSigned = given('DATABASE_AUTH') === 'aws-iam'
  const hasFile = given('DATABASE_PASSWORD_FILE') !== undefined
  if (!isSigned && !hasFile) return []
  const setting = isSigned ? 'DATABASE_AUTH is aws-iam' : 'DATABASE_PASSWORD_FILE is set'
  const database = parseDatabaseUrl(given('DATABASE_URL') ?? 'sqlite:')
  if (database?.kind !== 'postgres')
    return [`${setting}, and DATABASE_URL is no PostgreSQL database`]
  const { username, password, searchParams } = new URL(database.url)
  return [
    ...(password === ''
      ? []
      : [`${setting}, and DATABASE_URL has a password: leave one of them out`]),
    ...(isSigned && hasFile
      ? ['DATABASE_PASSWORD_FILE is set, and DATABASE_AUTH is aws-iam: leave one of them out']
      : []),
    ...(isSigned && given('AWS_REGION') === undefined
      ? ['AWS_REGION is missing: DATABASE_AUTH aws-iam demands it']
      : []),
    ...(isSigned && username === ''
      ? ['DATABASE_URL names no user, and DATABASE_AUTH aws-iam signs for one']
      : []),
    ...(isSigned && (searchParams.get('sslmode') ?? 'disable') === 'disable'
      ? ['DATABASE_URL is without TLS, and a token is not to be seen: add sslmode=verify-full']
      : []),
  ]
}
