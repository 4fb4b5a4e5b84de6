"""Runs examples/python as a reader of its README would, and against a service that says 503.

Ends with 0, or with 1 and what differs.
"""

import argparse
import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from brought_orders import BROUGHT_ORDERS

EXAMPLES = Path(__file__).parents[2] / 'examples' / 'python'
ORDER_ID = 'ORD-of-the-example ü'
WAIT_SECONDS = 60


def equal(actual: object, expected: object, what: str) -> None:
    assert actual == expected, f'{what}:\n  is        {actual!r}\n  should be {expected!r}'


def report(what: str) -> None:
    print(f'  ok  {what}', flush=True)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS)


def run_well(script: str, *arguments: str) -> list[str]:
    """What it printed, line by line."""
    done = run(script, *arguments)
    equal((done.returncode, done.stderr), (0, ''), f'{script} {arguments}')
    return done.stdout.removesuffix('\n').split('\n')  # Keys may hold what else splits lines.


def check_consumer(options: argparse.Namespace) -> None:
    created = run_well('create_order.py', ORDER_ID, '--status', 'shipped', '--url', options.url)
    equal(len(created), 2, f'lines of create_order.py: {created}')
    consume = [
        '--bootstrap-servers',
        options.bootstrap_servers,
        '--schema-registry',
        options.schema_registry,
        '--topic',
        options.topic,
        '--key-format',
        options.key_format,
        '--from-beginning',
        '--exit-at-end',
    ]
    events = [json.loads(line) for line in run_well('consume.py', *consume, '--json')]
    ours = [event for event in events if event['key'] == ORDER_ID]
    statuses = [(event['headers']['ce_sequence'], event['order']['status']) for event in ours]
    equal(statuses, [('0000000001', 'pending'), ('0000000002', 'shipped')], 'its events')
    repeat_event(options, ours[0]['partition'], ours[0]['offset'])
    repeat_event(options, ours[1]['partition'], ours[1]['offset'])
    lines = run_well('consume.py', *consume)
    equal(len(lines), len(events), 'lines of consume.py, with two events standing there twice')
    odd = [line for line in lines if not line.isprintable()]
    equal(odd, [], 'lines of consume.py with characters that do not show')
    check_totals(lines)
    report(f'examples/python: {len(events)} events, repeated ones dropped')


def check_totals(lines: list[str]) -> None:
    """Of the orders that were brought: all their digits are there."""
    totals = {columns[2]: columns[6] for columns in (line.split('  ') for line in lines)}
    for order_id in ['yen, the most', 'kwd of sixteen digits', 'two words']:
        expected = str(BROUGHT_ORDERS[order_id].fields['totalAmount'])
        equal(totals.get(order_id), expected, f'the total of {order_id!r}, as consume.py prints it')


def repeat_event(options: argparse.Namespace, partition: int, offset: int) -> None:
    """As a crash of the service may: the same record once more."""
    servers = {'bootstrap.servers': options.bootstrap_servers, 'log_level': 5}
    message = read_message(servers, TopicPartition(options.topic, partition, offset))
    producer = Producer(servers)
    producer.produce(
        options.topic, message.value(), message.key(), partition, headers=message.headers()
    )
    assert producer.flush(WAIT_SECONDS) == 0, 'Kafka did not take the repeated event'


def read_message(servers: dict[str, str], position: TopicPartition) -> Message:
    consumer = Consumer({**servers, 'group.id': 'interop', 'enable.auto.commit': False})
    try:
        consumer.assign([position])
        message = consumer.poll(WAIT_SECONDS)
        assert message is not None and message.error() is None, f'no record at {position}'
        return message
    finally:
        consumer.close()


@contextmanager
def service_answering(answers: list[tuple[int, dict]]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the requests it got; it gives each request the next of the answers."""
    left = iter(answers)
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers['content-length'])).decode()
            requests.append(f'{self.command} {self.path} {body}')
            status, answer = next(left)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header('retry-after', '0')
            self.send_header('content-length', str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = answer
        do_PUT = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}', requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def check_outcomes() -> None:
    order = {'status': 'pending', 'totalAmount': 1, 'currency': 'JPY'}
    done = {'message': 'done', 'data': order}
    not_applied = (503, {'outcome': 'not-applied', 'detail': 'full'})
    unknown = (503, {'outcome': 'unknown', 'detail': 'in doubt'})
    exists = (409, {'code': 'ORDER_ALREADY_EXISTS', 'detail': 'it exists'})
    limited = (429, {'code': 'RATE_LIMITED', 'outcome': 'not-applied', 'detail': 'too many'})
    limited_in_doubt = (429, {**limited[1], 'outcome': 'unknown'})
    timed_out = (408, {'code': 'REQUEST_TIMED_OUT', 'detail': 'it did not arrive in time'})
    cases = [
        ('too many or too slow, then done', [limited, timed_out, (201, done), (200, done)], 0, 4),
        ('too many in doubt, then it exists', [limited_in_doubt, exists, (200, done)], 0, 3),
        ('not-applied, then done', [not_applied, (201, done), (200, done)], 0, 3),
        ('unknown, then done', [unknown, (201, done), unknown, (200, done)], 0, 4),
        ('unknown, then it exists', [unknown, not_applied, exists, (200, done)], 0, 4),
        ('it exists', [exists], 1, 1),
        ('not-applied for ever', [not_applied] * 6, 1, 6),
        ('unknown for ever', [unknown] * 6, 1, 6),
    ]
    for name, answers, code, request_count in cases:
        with service_answering(answers) as (url, requests):
            ended = run('create_order.py', ORDER_ID, '--url', url)
        equal((ended.returncode, len(requests)), (code, request_count), f'{name}: {ended}')
        equal(len(set(requests)), 2 if code == 0 else 1, f'{name}: different requests')
        says_nothing_happened = 'Nothing was changed' in ended.stderr
        equal(says_nothing_happened, name == 'not-applied for ever', f'{name}: {ended}')
        if 'for ever' in name:
            check_same_command(ended.stderr.splitlines()[-1])
    report('examples/python: each 408, 409, 429 and 503 by its outcome')


def check_same_command(last_line: str) -> None:
    """It names the order, so that it asks for the same one."""
    command = shlex.split(last_line.split(': ', 1)[1])
    equal(command[-2:], ['--', ORDER_ID], 'the command to try again')
    done = subprocess.run(
        [*command[:-2], '--help'], capture_output=True, text=True, timeout=WAIT_SECONDS
    )
    equal(done.returncode, 0, f'{command} can be run')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--url', required=True)
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    parser.add_argument('--key-format', choices=['string', 'avro'], required=True)
    options = parser.parse_args()
    check_outcomes()
    check_consumer(options)


if __name__ == '__main__':
    try:
        main()
    except AssertionError as error:
        sys.exit(f'  FAILED  {error}')
