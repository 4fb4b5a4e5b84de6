import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMavenProgress } from '../../../dev-services/maven-progress.ts'

suite("Maven's progress", () => {
  test('adds what is finished and what is on its way', () => {
    const progress = createMavenProgress()
    progress.read('Downloading from central: https://example.org/a/a-1.jar\n')
    progress.read('Downloaded from central: https://example.org/a/a-1.jar (1.5 MB at 2.0 MB/s)\n')
    progress.read('Progress (2): 12/109 MB | 500 kB\r')
    assert.equal(progress.megabytes(), 14)
    assert.equal(progress.currentFile(), 'a-1.jar')
  })

  test('says once that something is downloaded, and nothing where Maven has it', () => {
    let count = 0
    const progress = createMavenProgress(() => (count += 1))
    progress.read('[INFO] Unpacking /m2/registry-3.0.9.zip\n')
    assert.equal(count, 0)
    progress.read(
      'Downloading from central: https://h/a.jar\nDownloading from central: https://h/b.jar\n',
    )
    assert.equal(count, 1)
  })

  test('counts a file once, when it is finished', () => {
    const progress = createMavenProgress()
    progress.read('Progress (1): 2.0/3.0 MB\rProgress (1): 3.0 MB    \r        \r')
    progress.read('Downloaded from mirror: https://example.org/b.jar (3.0 MB at 1.0 MB/s)\n')
    assert.equal(progress.megabytes(), 3)
  })

  test('understands output that is cut anywhere', () => {
    const progress = createMavenProgress()
    for (const letter of 'Downloaded from x: http://h/c.pom (800 B at 1 kB/s)\n') {
      progress.read(letter)
    }
    assert.equal(progress.megabytes(), 0.0008)
  })

  test('keeps the first error, which is the cause of the others', () => {
    const progress = createMavenProgress()
    progress.read(
      '[INFO] fine\n[ERROR] Could not transfer artifact -> [Help 1]\n[ERROR] To see more, -e\n',
    )
    assert.equal(progress.firstError(), 'Could not transfer artifact')
  })
})
