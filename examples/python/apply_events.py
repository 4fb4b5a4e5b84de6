#!/usr/bin/env python3
"""Applies the order events of CartService to a database, each of them once and in the order of its
versions. What cannot be used goes to a dead-letter topic. Prints a line for each message:

    partition:offset what became of it

The offset is committed when the work is done, not before. A failure that is not the message's fault
ends the program, unless the Kafka client can wait for its end: start it again, and it goes on where
it was.
"""

import argparse
import signal
import sys

import httpx2
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError

from order_state import OrderState
from read_event import Tombstone, UnusableEvent, create_read_event
from visible_text import visible

KAFKA_TIMEOUT_SECONDS = 30
RECONNECT_MS = 1_000  # While a broker is away, each try is a line in the log.
REGISTRY_TIMEOUT_SECONDS = 10
POLL_SECONDS = 1.0
SESSION_TIMEOUT_MS = 10_000  # So soon the group does without a process that was killed.


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--bootstrap-servers', default='localhost:9092')
    parser.add_argument('--schema-registry', default='http://localhost:8081')
    parser.add_argument('--topic', default='order-events')
    parser.add_argument('--dead-letter-topic', help="the topic's name and .dead-letter by default")
    parser.add_argument('--group', default='apply-events-python')
    parser.add_argument('--database', default='orders.db')
    parser.add_argument('--accept-gaps', action='store_true', help='go on without what is missing')
    return parser.parse_args()


def servers_of(options: argparse.Namespace) -> dict[str, str | int]:
    return {'bootstrap.servers': options.bootstrap_servers, 'reconnect.backoff.ms': RECONNECT_MS}


def create_topic(servers: dict[str, str | int], topic: str) -> None:
    admin = AdminClient(servers)
    if topic not in admin.list_topics(timeout=KAFKA_TIMEOUT_SECONDS).topics:
        created = admin.create_topics([NewTopic(topic, num_partitions=1)])
        created[topic].result(KAFKA_TIMEOUT_SECONDS)


class DeadLetters:
    def __init__(self, servers: dict[str, str | int], topic: str, group: str) -> None:
        create_topic(servers, topic)
        timeout_ms = KAFKA_TIMEOUT_SECONDS * 1000
        self._producer = Producer(
            {**servers, 'enable.idempotence': True, 'delivery.timeout.ms': timeout_ms}
        )
        self._topic = topic
        self._group = group

    def send(self, message: Message, error: UnusableEvent) -> None:
        """Returns when Kafka has it. Key, value, headers and timestamp stay what they were."""
        own = message.headers() or []
        names = {name for name, _ in own}
        context = self._explain(message, error).items()
        added = [(name, value) for name, value in context if name not in names]
        self._producer.produce(
            self._topic,
            message.value(),
            message.key(),
            headers=own + added,
            timestamp=message.timestamp()[1],
            on_delivery=raise_error,
        )
        self._producer.flush()

    def _explain(self, message: Message, error: UnusableEvent) -> dict[str, str]:
        """As Kafka Connect writes them, in text. Those of an earlier dead letter stay."""
        return {
            '__connect.errors.topic': message.topic(),
            '__connect.errors.partition': str(message.partition()),
            '__connect.errors.offset': str(message.offset()),
            '__connect.errors.connector.name': self._group,
            '__connect.errors.exception.class.name': type(error).__name__,
            '__connect.errors.exception.message': str(error),
        }


def raise_error(error: KafkaError | None, _: Message) -> None:
    """The client raises it again where it waits for the delivery."""
    if error is not None:
        raise KafkaException(error)


def apply_events(options: argparse.Namespace, consumer: Consumer, state: OrderState) -> None:
    servers = servers_of(options)
    # Never the topic itself, where its letters would be read again and again.
    dead_letter_topic = options.dead_letter_topic or f'{options.topic}.dead-letter'
    dead_letters = DeadLetters(servers, dead_letter_topic, options.group)
    registry = SchemaRegistryClient(
        {'url': options.schema_registry, 'timeout': REGISTRY_TIMEOUT_SECONDS}
    )
    read_event = create_read_event(registry)
    is_stopping = False

    def stop(*_: object) -> None:
        nonlocal is_stopping
        is_stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    consumer.subscribe([options.topic])
    while not is_stopping:
        message = consumer.poll(POLL_SECONDS)
        if message is None:
            continue
        if message.error() is not None:
            raise KafkaException(message.error())
        try:
            event = read_event(message)
            if isinstance(event, Tombstone):
                outcome = state.forget_waiting(event.order_id)
            else:
                outcome = state.receive(event)
        except UnusableEvent as error:
            dead_letters.send(message, error)
            outcome = f'dead letter, {type(error).__name__}: {error}'
        print(visible(f'{message.partition()}:{message.offset()} {outcome}'), flush=True)
        consumer.commit(message=message, asynchronous=False)


def main() -> None:
    options = read_options()
    consumer = Consumer(
        {
            **servers_of(options),
            'group.id': options.group,
            # A new group starts with the oldest event: to start elsewhere is to start with gaps.
            'auto.offset.reset': 'earliest',
            'enable.auto.commit': False,
            'session.timeout.ms': SESSION_TIMEOUT_MS,
        }
    )
    try:
        with OrderState(options.database) as state:
            if options.accept_gaps:
                for gap in state.accept_gaps():
                    print(visible(gap), flush=True)
            apply_events(options, consumer, state)
    except KafkaException as error:
        sys.exit(f'{options.bootstrap_servers}: {error.args[0].str()}')
    except (SchemaRegistryError, httpx2.HTTPError) as error:
        sys.exit(f'{options.schema_registry}: {error}')
    finally:
        consumer.close()


if __name__ == '__main__':
    main()
