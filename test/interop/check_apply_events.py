"""Runs examples/python/apply_events.py on topics with planted repeats, gaps and garbage.

Ends with 0, or with 1 and what differs.
"""

import argparse
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from confluent_kafka import Message, Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from planted_records import ORDER_SCHEMA, Record, event, planted
from topic import Topic, create_topic, read_messages

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / 'examples' / 'python' / 'apply_events.py'
CONTEXT = '__connect.errors.'
PLANTED_AT_MS = 1_700_000_000_000
WAIT_SECONDS = 60


def equal(actual: object, expected: object, what: str) -> None:
    assert actual == expected, f'{what}:\n  is        {actual!r}\n  should be {expected!r}'


def report(what: str) -> None:
    print(f'  ok  {what}', flush=True)


def plant(topic: Topic, records: list[Record]) -> None:
    producer = Producer(topic.servers)
    for record in records:
        producer.produce(
            topic.name, record.value, record.key, 0, headers=record.headers, timestamp=PLANTED_AT_MS
        )
    assert producer.flush(WAIT_SECONDS) == 0, 'Kafka did not take the records'


@dataclass(frozen=True)
class Program:
    """How to run it; what changes between runs are the arguments of `run`."""

    topic: Topic
    registry_url: str
    database: Path

    def command(self, group: str, *arguments: str) -> list[str]:
        return [
            *(sys.executable, str(PROGRAM), '--bootstrap-servers'),
            *(str(self.topic.servers['bootstrap.servers']), '--topic', self.topic.name),
            *('--schema-registry', self.registry_url, '--database', str(self.database)),
            *('--group', group, *arguments),
        ]

    def run(self, group: str, line_count: int, *arguments: str) -> list[str]:
        """Ends it when it has printed so many lines; returns them."""
        command = self.command(group, *arguments)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            guard = threading.Timer(WAIT_SECONDS, process.kill)
            guard.start()
            assert process.stdout is not None
            lines = [process.stdout.readline().removesuffix('\n') for _ in range(line_count)]
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
            guard.cancel()
        equal((process.returncode, rest), (0, ''), f'its end, after {lines}')
        return lines

    def run_to_end(self, group: str) -> subprocess.CompletedProcess[str]:
        command = self.command(group)
        return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS)

    def effects(self) -> tuple[dict[str, str], dict[str, int]]:
        """Last version and status of each order; how many changes were applied, by status."""
        with closing(sqlite3.connect(self.database)) as db:
            orders = db.execute('SELECT order_id, last_sequence, status FROM orders').fetchall()
            counts = db.execute('SELECT status, count FROM status_counts').fetchall()
        return {order: f'{last}, {status}' for order, last, status in orders}, dict(counts)


def read_letters(topic: Topic) -> list[tuple[Record, list[str]]]:
    """The dead letters as they were before, and the reason that was added to each."""
    return [open_letter(message) for message in read_messages(topic)]


def open_letter(message: Message) -> tuple[Record, list[str]]:
    equal(message.timestamp()[1], PLANTED_AT_MS, 'the timestamp of a dead letter')
    headers = message.headers() or []
    own = [header for header in headers if not header[0].startswith(CONTEXT)]
    added = [header for header in headers if header[0].startswith(CONTEXT)]
    equal(len(added), 6, 'headers that were added')
    context = {name: value.decode() for name, value in added}
    assert context[f'{CONTEXT}exception.message'] != '', 'a dead letter has no message'
    names = ['topic', 'partition', 'offset', 'connector.name', 'exception.class.name']
    reason = [context[f'{CONTEXT}{name}'] for name in names]
    return Record(message.key(), message.value(), own), reason


def check_records(program: Program, topic: Topic) -> None:
    schema_id = topic.registry.register_schema(f'{topic.name}-value', Schema(ORDER_SCHEMA, 'AVRO'))
    other_id = topic.registry.register_schema(f'{topic.name}-key', Schema('"string"', 'AVRO'))
    records = planted(schema_id, other_id)
    plant(topic, [record for record, _ in records])

    lines = program.run('first', len(records))
    expected = [f'0:{offset} {outcome}' for offset, (_, outcome) in enumerate(records)]
    equal([shorten(line) for line in lines], expected, 'what it printed')
    orders = {
        'A': '3, shipped',
        'B': '5, pending',
        'C': '1, pending',
        'Größe 100%': '1, pending',
        'Z': '1, pending',
    }
    counts = {'pending': 6, 'confirmed': 2, 'shipped': 2, 'delivered': 1}
    equal(program.effects(), (orders, counts), 'what it stored')
    letters = [
        (record, [topic.name, '0', str(offset), 'first', outcome.removeprefix('dead letter, ')])
        for offset, (record, outcome) in enumerate(records)
        if outcome.startswith('dead letter')
    ]
    dead_letters = replace(topic, name=f'{topic.name}.dead-letter')
    equal(read_letters(dead_letters), letters, 'its dead letters')
    report(f'apply_events.py: {len(records)} records, {len(letters)} dead letters')

    again = program.run('second', len(records))
    equal([line for line in again if ' applied ' in line], [], 'what it applied again')
    equal(program.effects(), (orders, counts), 'what it stored, all read again')
    report('apply_events.py: read again, nothing is applied twice')

    late = event(schema_id, 'C', 2, 'confirmed')
    plant(topic, [late, late, event(schema_id, 'C', 4, 'cancelled')])
    end = len(records)
    expected = [
        'accepted C without versions 2 to 2',
        'accepted D without versions 1 to 1',
        f'0:{end} dropped C version 2: its gap was accepted',
        f'0:{end + 1} dropped C version 2: repeated',
        f'0:{end + 2} applied C version 4',
    ]
    equal(program.run('first', len(expected), '--accept-gaps'), expected, 'with --accept-gaps')
    orders |= {'C': '4, cancelled', 'D': '2, confirmed'}
    counts |= {'shipped': 3, 'confirmed': 3, 'cancelled': 1}
    equal(program.effects(), (orders, counts), 'what it stored after the gaps')
    report('apply_events.py: gaps are gone over when it is told so')


def shorten(line: str) -> str:
    """Without the message of an exception."""
    place, _, rest = line.partition(' ')
    return f'{place} {rest.split(":")[0]}' if rest.startswith('dead letter') else line


def check_database(program: Program, topic: Topic) -> None:
    """A database that fails takes nothing in part, and is not the fault of an event."""
    schema_id = topic.registry.register_schema(f'{topic.name}-value', Schema(ORDER_SCHEMA, 'AVRO'))
    plant(topic, [event(schema_id, 'A', 1)])
    program.run('group', 1)
    with closing(sqlite3.connect(program.database, isolation_level=None)) as db:
        db.execute(
            "CREATE TRIGGER fault BEFORE INSERT ON status_counts WHEN NEW.status = 'shipped' "
            "BEGIN SELECT RAISE(ABORT, 'the last statement of the work fails'); END"
        )
        plant(topic, [event(schema_id, 'A', 2, 'shipped')])
        ended = program.run_to_end('group')
        equal((ended.returncode, ended.stdout), (1, ''), f'its end: {ended}')
        equal(program.effects(), ({'A': '1, pending'}, {'pending': 1}), 'what it stored')
        db.execute('DROP TRIGGER fault')
    equal(program.run('group', 1), ['0:1 applied A version 2'], 'once the database works')
    dead_letters = replace(topic, name=f'{topic.name}.dead-letter')
    equal(read_letters(dead_letters), [], 'dead letters while the database fails')
    report('apply_events.py: an event is known only when its work is done')


@contextmanager
def registry_answering(answers: list[tuple[int, dict]]) -> Iterator[str]:
    """Its address; it gives each request the next of the answers, and the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = answers.pop(0) if len(answers) > 1 else answers[0]
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header('content-type', 'application/json')
            self.send_header('content-length', str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def check_registry(program: Program, topic: Topic) -> None:
    """A registry that fails is not the fault of an event; one that does not know a schema is."""
    unlucky = event(7, 'A', 1)
    plant(topic, [unlucky, event(7, 'A', 2, 'confirmed')])
    answers: list[tuple[int, dict]] = [
        (401, {'error_code': 40101, 'message': 'who are you?'}),
        (404, {'message': 'a proxy that knows no such page'}),
        (404, {'error_code': 40403, 'message': 'Schema not found'}),
        (200, {'schema': ORDER_SCHEMA}),
        (404, {'error_code': 40403, 'message': 'Schema not found'}),
        (200, {'schema': ORDER_SCHEMA}),
    ]
    with registry_answering(answers) as url:
        program = replace(program, registry_url=url)
        for failure in ('401', '404'):
            ended = program.run_to_end('group')
            equal((ended.returncode, ended.stdout), (1, ''), f'its end at a {failure}: {ended}')
            assert url in ended.stderr, f'it does not name the registry: {ended}'
        dead_letters = replace(topic, name=f'{topic.name}.dead-letter')
        equal(read_letters(dead_letters), [], 'dead letters while the registry fails')
        lines = [shorten(line) for line in program.run('group', 2)]
        expected = [
            '0:0 dead letter, UnknownSchema',
            '0:1 kept A version 2: GAP, version 1 is missing',
        ]
        equal(lines, expected, 'with a schema that is unknown at first')
        # Each run asks once for a schema that it got. The first replay gets none.
        again = replace(topic, name=f'{topic.name}.again')
        on_letters = replace(program, topic=dead_letters)
        lines = on_letters.run('vain', 1, '--dead-letter-topic', again.name)
        equal([shorten(line) for line in lines], expected[:1], 'the dead letter, read in vain')
        reason = [topic.name, '0', '0', 'group', 'UnknownSchema']
        equal(read_letters(again), [(unlucky, reason)], 'where it was first')
        lines = replace(program, topic=again).run('replay', 1)
        equal(lines, ['0:0 applied A version 1, 2'], 'the dead letter, read as an event')
    report('apply_events.py: registry failures blame no event; a dead letter is taken back')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    options = parser.parse_args()
    registry = SchemaRegistryClient({'url': options.schema_registry})
    servers: dict[str, str | int] = {'bootstrap.servers': options.bootstrap_servers, 'log_level': 5}
    with tempfile.TemporaryDirectory() as folder:
        checks = {
            'records': check_records,
            'registry': check_registry,
            'database': check_database,
        }
        for name, check in checks.items():
            topic = Topic(f'{options.topic}-{name}', 1, servers, registry)
            create_topic(topic, topic.name)
            check(Program(topic, options.schema_registry, Path(folder, f'{name}.db')), topic)


if __name__ == '__main__':
    try:
        main()
    except AssertionError as error:
        sys.exit(f'  FAILED  {error}')
