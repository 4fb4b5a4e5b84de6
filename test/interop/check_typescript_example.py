"""Runs examples/typescript as a reader of its README would whose Node is an older one: npm install and
npm start, in a copy. Every event of the topic has to be in its database.

Ends with 0, or with 1 and what differs.
"""

import argparse
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / 'examples' / 'typescript'
# The first one downloads a Node.
INSTALL_SECONDS = 300
READ_SECONDS = 60
STOP_SECONDS = 20


def environment_of(node: Path) -> dict[str, str]:
    """With its npm, and without what an npm that runs this one has set."""
    inherited = {name: value for name, value in os.environ.items() if name[:4] != 'npm_'}
    return {**inherited, 'PATH': f'{node.parent}:/usr/bin:/bin'}


def install(folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ['npm', 'install', '--no-audit', '--no-fund'],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
    )
    assert done.returncode == 0, f'npm install ended with {done.returncode}: {done.stderr}'


def run(folder: Path, environment: dict[str, str], options: list[str], count: int) -> list[str]:
    """Returns its words on each message. Ctrl-C ends it, as for a person: npm and the program get it."""
    program = subprocess.Popen(
        ['npm', 'start', '--', *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert program.stdout is not None
    too_late = threading.Timer(READ_SECONDS, os.killpg, [program.pid, signal.SIGKILL])
    too_late.start()
    said: list[str] = []
    told: list[str] = []
    for line in program.stdout:
        said.append(line.decode().rstrip('\n'))
        message = re.match(r'\d+:\d+ (.*)', said[-1])
        if message is not None:
            told.append(message[1])
        if len(told) == count:
            break
    too_late.cancel()
    assert len(told) == count, f'{len(told)} of {count} events, then:\n' + '\n'.join(said[-20:])
    os.killpg(program.pid, signal.SIGINT)
    try:
        program.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        raise AssertionError(f'it did not end within {STOP_SECONDS} s of Ctrl-C') from None
    return told


def read_expected(path: Path) -> list[tuple[str, int]]:
    """Order and version of each event, of lines as readers/event_lines.py has them."""
    columns = [line.split(' ') for line in path.read_text().splitlines()]
    return [(bytes.fromhex(line[6]).decode(), int(line[8])) for line in columns]


def read_database(path: Path) -> list[tuple[str, int]]:
    database = sqlite3.connect(path)
    try:
        return database.execute('SELECT order_id, sequence FROM events').fetchall()
    finally:
        database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--node', type=Path, required=True)
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    parser.add_argument('--expected', type=Path, required=True)
    options = parser.parse_args()
    environment = environment_of(options.node)
    expected = read_expected(options.expected)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / 'typescript'
        not_of_git = shutil.ignore_patterns('node_modules', 'orders.db*')
        shutil.copytree(EXAMPLE, folder, ignore=not_of_git)
        install(folder, environment)
        of_program = [
            f'--bootstrap-servers={options.bootstrap_servers}',
            f'--schema-registry={options.schema_registry}',
            f'--topic={options.topic}',
        ]
        told = run(folder, environment, of_program, len(expected))
        odd = [line for line in told if not re.match(r'applied |dropped .*: repeated$', line)]
        assert odd == [], f'neither applied nor repeated: {odd[:3]}'
        known = read_database(folder / 'orders.db')
    assert sorted(known) == sorted(set(expected)), 'its database has other events than the topic'
    version = subprocess.run([options.node, '--version'], capture_output=True, text=True)
    print(f'  ok  examples/typescript with Node {version.stdout.strip()}: {len(known)} events')


if __name__ == '__main__':
    try:
        main()
    except AssertionError as error:
        sys.exit(f'  FAILED  {error}')
