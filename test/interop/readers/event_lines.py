"""How each reader tells what it read: one line for each event, the same from every language.

    partition offset key id source type subject time sequence datacontenttype
    orderId customerId orderDate currency status totalAmount items

all in one line. `key` is the order id that the key holds; the attributes of the CloudEvent follow, then the
order. Texts that may be any are the hexadecimal of their UTF-8, amounts that of their eight bytes; an
item is `itemId/quantity/price`, and a comma stands between two of them.
"""

import struct

ATTRIBUTES = ['id', 'source', 'type', 'subject', 'time', 'sequence', 'datacontenttype']


def hex_of(text: str) -> str:
    return text.encode().hex()


def bits_of(amount: float) -> str:
    return struct.pack('>d', amount).hex()


def attributes_of(headers: dict[str, str]) -> dict[str, str]:
    """Of a message's headers, in the binary mode of CloudEvents' Kafka binding."""
    attributes = {
        name.removeprefix('ce_'): value for name, value in headers.items() if name[:3] == 'ce_'
    }
    return {**attributes, 'datacontenttype': headers['content-type']}


def event_line(
    partition: int, offset: int, key: str, attributes: dict[str, str], order: dict
) -> str:
    columns = [partition, offset, hex_of(key)]
    for name in ATTRIBUTES:
        columns.append(hex_of(attributes[name]) if name == 'subject' else attributes[name])
    columns += [
        hex_of(order['orderId']),
        hex_of(order['customerId']),
        order['orderDate'],
        order['currency'],
        order['status'],
        bits_of(order['totalAmount']),
        ','.join(
            f'{hex_of(item["itemId"])}/{item["quantity"]}/{bits_of(item["price"])}'
            for item in order['items']
        ),
    ]
    return ' '.join(str(column) for column in columns)
