import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { alterUserScramCredentialsV0 } from '@platformatic/kafka'
import { clusterOf } from './raw-records.ts'

/** Kafka's number of SCRAM-SHA-512. */
const SHA_512 = 2

const ITERATIONS = 4_096
const KEY_BYTES = 64

/** From now on the user signs in with this by SCRAM-SHA-512; sessions that are open stay so. */
export async function setScramPassword(
  bootstrapServers: string,
  name: string,
  password: string,
): Promise<void> {
  const salt = randomBytes(16)
  const saltedPassword = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha512')
  const upsertion = { name, mechanism: SHA_512, iterations: ITERATIONS, salt, saltedPassword }
  await clusterOf(bootstrapServers, 'none').askAnyBroker((connection) =>
    alterUserScramCredentialsV0.api.async(connection, [], [upsertion]),
  )
}
