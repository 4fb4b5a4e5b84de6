import { createServer } from 'node:net'
import process from 'node:process'
import { getHeapStatistics } from 'node:v8'
import { isMainThread } from 'node:worker_threads'

/**
 * Imported by a process before it starts (`node --import`): it then says over the socket at
 * CART_HEAP_PROBE how many bytes its main thread has allocated since it began. The service itself
 * knows nothing of this.
 */
const path = process.env['CART_HEAP_PROBE']
if (path === undefined) throw new Error('CART_HEAP_PROBE must be the path of a socket')

// The threads of the process import it as well.
if (isMainThread) {
  createServer((socket) => socket.end(String(getHeapStatistics().total_allocated_bytes)))
    .listen(path)
    // It belongs to the bench, and must not keep the process from its end.
    .unref()
}
