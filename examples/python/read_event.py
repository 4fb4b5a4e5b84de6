"""From a message to an order event.

There is no schema in this program: every value names its own by id, and the Schema Registry has it.
"""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import fastavro
from confluent_kafka import Message
from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError

WIRE_MAGIC = 0
FRAME_BYTES = 5
SEQUENCE = re.compile('[0-9]{1,15}')  # More digits than that are no version of ours.
ERASED_TYPE = b'com.ecommerce.order.erased'  # ce_type of a tombstone.
SCHEMA_NOT_FOUND = 40403  # Error code of the Schema Registry API.


class UnusableEvent(Exception):
    """The fault of the message: reading it again will not help. Any other exception may pass."""


class InvalidHeaders(UnusableEvent):
    pass


class InvalidFrame(UnusableEvent):
    pass


class UnknownSchema(UnusableEvent):
    pass


class InvalidValue(UnusableEvent):
    pass


@dataclass(frozen=True)
class OrderEvent:
    id: str
    """ce_id"""
    sequence: int
    """ce_sequence: the version of the order, from 1 without gaps."""
    order: dict
    """The whole order after the change."""


@dataclass(frozen=True)
class Tombstone:
    """A record without a value, by which the service says that the order was erased."""

    order_id: str


def create_read_event(
    registry: SchemaRegistryClient,
) -> Callable[[Message], OrderEvent | Tombstone]:
    """The function raises UnusableEvent where the message is to blame."""
    schemas: dict[int, object] = {}

    def schema_of(schema_id: int) -> object:
        if schema_id not in schemas:
            schemas[schema_id] = parse_schema(fetch_schema(registry, schema_id), schema_id)
        return schemas[schema_id]

    def read_event(message: Message) -> OrderEvent | Tombstone:
        headers = {name: value for name, value in message.headers() or [] if value is not None}
        if message.value() is None and headers.get('ce_type') == ERASED_TYPE:
            return Tombstone(read_text(headers, 'ce_subject'))
        event_id = read_text(headers, 'ce_id')
        sequence = read_sequence(headers)
        order_id = read_text(headers, 'ce_subject')

        value = message.value()
        if value is None:
            raise InvalidFrame('there is no value')
        if len(value) <= FRAME_BYTES or value[0] != WIRE_MAGIC:
            raise InvalidFrame('the value is not in the wire format of the Schema Registry')
        schema = schema_of(int.from_bytes(value[1:FRAME_BYTES], 'big', signed=True))
        order = decode(schema, value[FRAME_BYTES:])
        if order['orderId'] != order_id:
            raise InvalidValue(f'ce_subject is {order_id}, the value is of {order["orderId"]}')
        return OrderEvent(event_id, sequence, order)

    return read_event


def read_text(headers: dict[str, bytes], name: str) -> str:
    if name not in headers:
        raise InvalidHeaders(f'there is no {name}')
    try:
        return headers[name].decode()
    except UnicodeDecodeError as error:
        raise InvalidHeaders(f'{name} is not text') from error


def read_sequence(headers: dict[str, bytes]) -> int:
    text = read_text(headers, 'ce_sequence')
    if SEQUENCE.fullmatch(text) is None or int(text) == 0:
        raise InvalidHeaders(f'ce_sequence is {text}')
    return int(text)


def fetch_schema(registry: SchemaRegistryClient, schema_id: int) -> str:
    """Only the registry's own "no such schema" is the fault of the message.

    A registry that is away, or the page of a proxy in front of it, would else send good events to
    the dead letters.
    """
    try:
        return registry.get_schema(schema_id).schema_str
    except SchemaRegistryError as error:
        if error.error_code != SCHEMA_NOT_FOUND:
            raise
        raise UnknownSchema(f'the Schema Registry has no schema {schema_id}') from error


def parse_schema(text: str, schema_id: int) -> object:
    try:
        return fastavro.parse_schema(json.loads(text))
    except Exception as error:  # Of many kinds, and all of them mean this.
        raise InvalidValue(f'schema {schema_id} is not of Avro') from error


def decode(schema: object, content: bytes) -> dict:
    reader = io.BytesIO(content)
    try:
        order = fastavro.schemaless_reader(reader, schema)
    except Exception as error:  # Of many kinds, and all of them mean this.
        raise InvalidValue(f'the value does not fit its schema: {error}') from error
    if reader.read(1):
        raise InvalidValue('the value does not fit its schema: bytes are left over')
    if not isinstance(order, dict) or not all(
        isinstance(order.get(name), str) for name in ('orderId', 'status')
    ):
        raise InvalidValue('the value is not an order')
    return order
