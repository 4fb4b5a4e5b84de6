#!/usr/bin/env python3
"""Prints the order events of a topic, one line each.

There is no schema in this program: every event names its own by id, and the Schema Registry has it.
"""

import argparse
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator

import httpx2
from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import (
    MessageField,
    SerializationContext,
    SerializationError,
    StringDeserializer,
)

from visible_text import visible

METADATA_TIMEOUT_SECONDS = 10
POLL_SECONDS = 1.0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bootstrap-servers', default='localhost:9092')
    parser.add_argument('--schema-registry', default='http://localhost:8081')
    parser.add_argument('--topic', default='order-events')
    parser.add_argument('--key-format', choices=['string', 'avro'], default='string')
    parser.add_argument('--from-beginning', action='store_true', help='not only new events')
    parser.add_argument('--exit-at-end', action='store_true', help='do not wait for more')
    parser.add_argument('--json', action='store_true', help='whole events, one JSON text a line')
    return parser.parse_args()


def read_messages(consumer: Consumer, options: argparse.Namespace) -> Iterator[Message]:
    """All partitions, as an onlooker: it joins no group and commits nothing."""
    topic = consumer.list_topics(options.topic, METADATA_TIMEOUT_SECONDS).topics[options.topic]
    if topic.error is not None:
        raise KafkaException(topic.error)
    start = OFFSET_BEGINNING if options.from_beginning else OFFSET_END
    consumer.assign([TopicPartition(options.topic, number, start) for number in topic.partitions])
    unfinished = set(topic.partitions)
    while unfinished or not options.exit_at_end:
        message = consumer.poll(POLL_SECONDS)
        if message is None:
            continue
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:
            unfinished.discard(message.partition())
        else:
            print(error.str(), file=sys.stderr)  # The client goes on trying by itself.


def read_headers(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers() or [] if value is not None}


def is_repeated(headers: dict[str, str], last_sequences: dict[str, int]) -> bool:
    """Whether this event was there before; it remembers the event if not.

    A consumer that dies before it has committed its offset reads an event twice, with the same ce_id
    and ce_sequence. The events of one order come in the order of ce_sequence, so the last one is all
    there is to remember; ce_id would do too, at the price of remembering every event. (Should one
    come late, nothing is lost either: each event has the whole order, so a later one says it all.)
    A consumer that stores what it makes of an event stores its sequence in the same transaction.
    """
    order_id, sequence = headers.get('ce_subject'), headers.get('ce_sequence')
    if order_id is None or sequence is None:
        return False  # Not written by CartService.
    if int(sequence) <= last_sequences.get(order_id, 0):
        return True
    last_sequences[order_id] = int(sequence)
    return False


def format_line(message: Message, key: object, headers: dict[str, str], order: dict) -> str:
    columns = [
        message.partition(),
        message.offset(),
        key,
        headers.get('ce_type', '-'),
        headers.get('ce_sequence', '-'),
        order['status'],
        # Exact: the shortest text that is this double. An amount may have sixteen digits.
        str(order['totalAmount']).removesuffix('.0'),
        order['currency'],
    ]
    return '  '.join(str(column) for column in columns)


def format_json(message: Message, key: object, headers: dict[str, str], order: dict) -> str:
    event = {
        'partition': message.partition(),
        'offset': message.offset(),
        'key': key,
        'headers': headers,
        'order': order,
    }
    return json.dumps(event, ensure_ascii=False)


def print_events(consumer: Consumer, options: argparse.Namespace) -> None:
    registry = SchemaRegistryClient({'url': options.schema_registry})
    decode = AvroDeserializer(registry)
    decode_key: Callable = decode if options.key_format == 'avro' else StringDeserializer()
    of_key = SerializationContext(options.topic, MessageField.KEY)
    of_value = SerializationContext(options.topic, MessageField.VALUE)
    format_event = format_json if options.json else format_line
    last_sequences: dict[str, int] = {}
    for message in read_messages(consumer, options):
        headers = read_headers(message)
        if is_repeated(headers, last_sequences):
            continue
        try:
            key = decode_key(message.key(), of_key)
            order = decode(message.value(), of_value)
        except SerializationError as error:
            where = f'partition {message.partition()}, offset {message.offset()}'
            print(visible(f'{where}: not an order event: {error}'), file=sys.stderr)
            continue
        if order is not None:
            print(visible(format_event(message, key, headers, order)), flush=True)


def main() -> None:
    options = read_options()
    consumer = Consumer(
        {
            'bootstrap.servers': options.bootstrap_servers,
            'group.id': f'order-events-example-{uuid.uuid4()}',  # Demanded, but not used.
            'enable.auto.commit': False,
            'enable.partition.eof': True,
            'log_level': 2,  # What fails is told by the calls that fail, once.
        }
    )
    try:
        print_events(consumer, options)
    except KafkaException as error:
        sys.exit(f'{options.topic} at {options.bootstrap_servers}: {error.args[0].str()}')
    except (SchemaRegistryError, httpx2.HTTPError) as error:
        sys.exit(f'{options.schema_registry}: {error}')
    except BrokenPipeError:  # As after `| head`: nobody reads on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


if __name__ == '__main__':
    main()
