import { Session } from 'node:inspector/promises'
import { createServer, type Socket } from 'node:net'
import process from 'node:process'
import { getHeapStatistics } from 'node:v8'
import { isMainThread } from 'node:worker_threads'

/**
 * Imported by a service before it starts (`node --import`): who connects to the socket at
 * CART_PROFILER_PATH begins a profile of its main thread; who connects next gets it, and what was
 * allocated meanwhile, as JSON. The service itself knows nothing of this.
 */
const path = process.env['CART_PROFILER_PATH']
if (path === undefined) throw new Error('CART_PROFILER_PATH must be the path of a socket')

const INTERVAL_MICROS = 500

// The threads of the process import it as well.
if (isMainThread) await offer(path)

async function offer(socketPath: string): Promise<void> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS })
  let allocatedBefore: number | undefined
  const answer = async (socket: Socket): Promise<void> => {
    const { total_allocated_bytes: allocated } = getHeapStatistics()
    if (allocatedBefore === undefined) {
      allocatedBefore = allocated
      await session.post('Profiler.start')
      socket.end()
    } else {
      const { profile } = await session.post('Profiler.stop')
      socket.end(JSON.stringify({ profile, allocatedBytes: allocated - allocatedBefore }))
      allocatedBefore = undefined
    }
  }
  createServer((socket) => void answer(socket))
    .listen(socketPath)
    // It belongs to the bench, and must not keep the process from its end.
    .unref()
}
