"""Changes orders over HTTP and reads their events as a stranger would: bytes from Kafka, schemas
from the Schema Registry, rules from the contract, and no code of the service.

Ends with 0, or with 1 and what differs.
"""

import argparse
import json
import struct
import sys
import uuid
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from io import BytesIO

import fastavro
from confluent_kafka import TIMESTAMP_CREATE_TIME, Message
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer

import old_service
from changes import Change, make_changes
from topic import Topic, partitions_by_murmur2, read_messages

MINOR_DIGITS = {'USD': 2, 'EUR': 2, 'GBP': 2, 'JPY': 0, 'CAD': 2, 'AUD': 2}
MINOR_DIGITS |= {'HUF': 0, 'BHD': 3, 'KWD': 3, 'TND': 3}

ITEM_TYPES = {'itemId': str, 'quantity': int, 'price': float}
ORDER_TYPES = {
    'orderId': str,
    'customerId': str,
    'orderDate': str,
    'items': list,
    'totalAmount': float,
    'currency': str,
    'status': str,
}
AVRO_TYPES = {str: 'string', int: 'int', float: 'double'}

Pair = tuple[Message, Change]


def equal(actual: object, expected: object, what: str) -> None:
    assert actual == expected, f'{what}:\n  is        {actual!r}\n  should be {expected!r}'


def report(what: str) -> None:
    print(f'  ok  {what}', flush=True)


def headers_of(message: Message) -> dict[str, str]:
    pairs = message.headers() or []
    assert len(dict(pairs)) == len(pairs), f'a header stands twice: {pairs}'
    assert all(value is not None for _, value in pairs), f'a header is null: {pairs}'
    return {name: value.decode() for name, value in pairs}


def pair(messages: list[Message], changes: list[Change]) -> list[Pair]:
    """Each event with its change: an order's are in one partition, in the order of its changes."""
    equal(len(messages), len(changes), 'the number of events')
    of_order: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        of_order[headers_of(message)['ce_subject']].append(message)
    for order_id, events in of_order.items():
        equal(len({event.partition() for event in events}), 1, f'partitions of {order_id!r}')
    pairs = []
    for change in changes:
        events = of_order[change.order_id]
        assert events, f'no event of change {change.sequence} of {change.order_id!r}'
        pairs.append((events.pop(0), change))
    report(f'{len(pairs)} events of {len(of_order)} orders, each once')
    return pairs


def check_schema(topic: Topic, was_there: bool) -> int:
    """Returns its id. A registry may take our schema for the old one, which has no docs."""
    registered = topic.registry.get_latest_version(f'{topic.name}-value')
    order = json.loads(registered.schema.schema_str)
    item = next(field for field in order['fields'] if field['name'] == 'items')['type']['items']
    equal((order['namespace'], order['name']), ('com.ecommerce.order', 'Order'), 'the record')
    equal(item['name'], 'OrderItem', 'the record of an item')
    for record, types in [(order, ORDER_TYPES), (item, ITEM_TYPES)]:
        fields = {field['name']: field['type'] for field in record['fields']}
        equal(list(fields), list(types), 'the fields, in their order')
        for name, of_python in types.items():
            equal(fields[name], AVRO_TYPES.get(of_python, fields[name]), f'the type of {name}')
        documented = [part['name'] for part in [record, *record['fields']] if part.get('doc')]
        if not was_there:
            equal(documented, [record['name'], *types], 'parts with docs')
    report(f'the schema under {registered.subject}, {"as it was" if was_there else "with docs"}')
    return registered.schema_id


def check_values(topic: Topic, pairs: list[Pair], schema_id: int) -> None:
    schema = topic.registry.get_schema(schema_id).schema_str
    parsed = fastavro.parse_schema(json.loads(schema))
    deserialize = AvroDeserializer(topic.registry)
    deserialize_as_before = old_service.create_reader(topic)
    only_look_up = {'auto.register.schemas': False, 'normalize.schemas': True}
    serialize = AvroSerializer(topic.registry, schema, conf=only_look_up)
    for message, change in pairs:
        value = message.value()
        equal(struct.unpack('>bI', value[:5]), (0, schema_id), 'magic byte and schema id')
        body = BytesIO(value[5:])
        order = fastavro.schemaless_reader(body, parsed)
        equal(body.read(), b'', 'bytes behind the record')
        check_order(order, change)
        equal(deserialize(value, topic.of_value), order, 'the order by the registry alone')
        equal(deserialize_as_before(value, topic.of_value), order, 'the order by the old schema')
        equal(serialize(order, topic.of_value), value, 'the bytes, as another serializer has them')
    counts = Counter(change.data['currency'] for _, change in pairs)
    brought = sum(len(change.brought) > 0 for _, change in pairs)
    report(f'values: framing, fields, types, as answered over HTTP; by currency: {dict(counts)}')
    report(f'{brought} events of orders that were brought, as the requests have them')


def check_order(order: dict, change: Change) -> None:
    check_types(order, ORDER_TYPES)
    for item in order['items']:
        check_types(item, ITEM_TYPES)
    equal(with_decimals(order), change.data, 'the order, as the answer has it')
    equal(order['orderId'], change.order_id, 'the order id, as the request has it')
    for name, value in change.brought.items():
        equal(change.data[name], value, f'the {name} of {change.order_id!r}, as it was brought')
    unit = Decimal(1).scaleb(-MINOR_DIGITS[order['currency']])
    total = exact(order['totalAmount'])
    amounts = [total, *(exact(item['price']) for item in order['items'])]
    assert all(amount % unit == 0 for amount in amounts), f'more decimals than {unit}: {amounts}'
    summed = sum(exact(item['price']) * item['quantity'] for item in order['items'])
    equal(total, summed, 'the total')


def check_types(record: dict, types: dict[str, type]) -> None:
    equal({name: type(value) for name, value in record.items()}, types, 'the types')


def exact(amount: float) -> Decimal:
    """The shortest decimal that is this double: what every reader prints."""
    return Decimal(repr(amount))


def with_decimals(order: dict) -> dict:
    items = [{**item, 'price': exact(item['price'])} for item in order['items']]
    return {**order, 'items': items, 'totalAmount': exact(order['totalAmount'])}


def check_headers(pairs: list[Pair]) -> None:
    for message, change in pairs:
        headers = headers_of(message)
        event_id, time = headers.pop('ce_id'), headers.pop('ce_time')
        expected = {
            'ce_specversion': '1.0',
            'ce_source': '/cart-service',
            'ce_type': f'com.ecommerce.order.{change.type}',
            'ce_subject': change.order_id,
            'ce_sequence': f'{change.sequence:010}',
            'content-type': 'application/avro',
        }
        if change.traceparent is not None:
            expected['traceparent'] = change.traceparent
        equal(headers, expected, 'the headers')
        check_event_id(event_id, change)
        check_time(time, message, change)
    event_ids = {headers_of(message)['ce_id'] for message, _ in pairs}
    equal(len(event_ids), len(pairs), 'different event ids')
    traced = sum(change.traceparent is not None for _, change in pairs)
    report(f'headers: exactly those of the contract; {traced} with a traceparent')


def check_event_id(event_id: str, change: Change) -> None:
    parsed = uuid.UUID(event_id)
    equal((str(parsed), parsed.version), (event_id, 7), 'the event id, a UUID v7')
    check_moment(parsed.int >> 80, change, 'the time in the event id')


def check_time(time: str, message: Message, change: Change) -> None:
    assert time.endswith('Z'), f'ce_time is not in UTC: {time}'
    time_ms = round(datetime.fromisoformat(time).timestamp() * 1_000)
    check_moment(time_ms, change, 'ce_time')
    # One that was brought says nothing about the time of the change.
    if change.type == 'created' and 'orderDate' not in change.brought:
        equal(time, change.data['orderDate'], 'ce_time of a new order')
    equal(message.timestamp(), (TIMESTAMP_CREATE_TIME, time_ms), 'the timestamp of the record')


def check_moment(moment_ms: int, change: Change, what: str) -> None:
    between = (change.sent_at_ms, change.answered_at_ms)
    assert between[0] <= moment_ms <= between[1], f'{what}: {moment_ms} is not in {between}'


def check_keys(topic: Topic, pairs: list[Pair], key_format: str) -> None:
    deserialize = AvroDeserializer(topic.registry)
    for message, change in pairs:
        if key_format == 'string':
            equal(message.key(), change.order_id.encode(), 'the key')
        else:
            equal(deserialize(message.key(), topic.of_key), change.order_id, 'the key, decoded')
            as_before = old_service.encode_key(topic, change.order_id)
            equal(message.key(), as_before, 'the key, as the old service writes it')
    subjects = topic.registry.get_subjects()
    of_key = f'{topic.name}-key'
    equal(of_key in subjects, key_format == 'avro', f'that there is a subject {of_key}')
    if key_format == 'avro':
        equal(topic.registry.get_versions(of_key), [1], f'the versions of {of_key}')
    report(f'keys: {key_format}')


def check_partitions(topic: Topic, pairs: list[Pair]) -> None:
    actual = {message.key(): message.partition() for message, _ in pairs}
    expected = partitions_by_murmur2(topic, set(actual))
    misplaced = [key for key, partition in actual.items() if partition != expected[key]]
    equal(misplaced, [], 'keys that librdkafka has in other partitions')
    equal(set(actual.values()), set(range(topic.partition_count)), 'the partitions in use')
    report(f'partitions: murmur2, all {topic.partition_count} in use')


def check_old_events(topic: Topic, messages: list[Message]) -> None:
    """What was there before is as it was, for readers with and without a schema of their own."""
    for deserialize in [AvroDeserializer(topic.registry), old_service.create_reader(topic)]:
        orders = [deserialize(message.value(), topic.of_value) for message in messages]
        equal({order['orderId']: order for order in orders}, old_service.OLD_ORDERS, 'old events')
    report(f'{len(messages)} events of the old service on the same topic')


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('step', choices=['leave-old-topic', 'check'])
    parser.add_argument('--url')
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    parser.add_argument('--partitions', type=int, required=True)
    parser.add_argument('--key-format', choices=['string', 'avro'], default='string')
    return parser.parse_args()


def main() -> None:
    options = read_options()
    topic = Topic(
        name=options.topic,
        partition_count=options.partitions,
        servers={'bootstrap.servers': options.bootstrap_servers, 'log_level': 5},
        registry=SchemaRegistryClient({'url': options.schema_registry}),
    )
    if options.step == 'leave-old-topic':
        old_service.leave_topic(topic)
        return
    changes = make_changes(options.url)
    messages = read_messages(topic)
    old = [message for message in messages if old_service.is_old(message)]
    pairs = pair([message for message in messages if not old_service.is_old(message)], changes)
    check_values(topic, pairs, check_schema(topic, was_there=len(old) > 0))
    check_headers(pairs)
    check_keys(topic, pairs, options.key_format)
    check_partitions(topic, pairs)
    if old:
        check_old_events(topic, old)


if __name__ == '__main__':
    try:
        main()
    except AssertionError as error:
        sys.exit(f'  FAILED  {error}')
