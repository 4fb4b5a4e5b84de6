"""Makes changes over HTTP, and remembers what the answers said of each."""

import itertools
import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

from brought_orders import BROUGHT_ORDERS

TIMEOUT_SECONDS = 20
CLIENTS = 8
CURRENCIES = {'USD', 'EUR', 'GBP', 'JPY', 'CAD', 'AUD'}
STATUSES = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled']

# Currencies are drawn by the service: so many orders until each was there, or something is wrong.
ORDERS_MIN = 60
ORDERS_MAX = 600

ORDER_IDS = [
    'ORD-1',
    'x',
    'x' * 255,
    'ü' * 255,
    '🛒' * 255,
    'with spaces  inside',
    'percent % and %41, "quoted", \'single\', back\\slash',
    '!#$&()*+,-./:;<=>?@[]^_`{|}~',
    'Bestellung-Größe',
    'заказ-42',
    '注文-四十二',
    'طلب-٤٢',
    '👩‍👩‍👧‍👦 family',
    'composed \u00e9',
    'decomposed e\u0301',
    'no\u00a0break',
    'line\u2028separator',
    'turned \u202eround',
    'noncharacter \uffff',
    'null',
    '0',
]

# None: the request carries none. One that is not valid counts as absent (W3C Trace Context).
TRACEPARENTS = [
    None,
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    'not a traceparent',
]
VALID_TRACEPARENTS = TRACEPARENTS[1:3]


@dataclass(frozen=True)
class Change:
    order_id: str
    sequence: int
    type: str
    data: dict
    """The order of the answer; its numbers are Decimals, as the text has them."""
    brought: dict
    """The fields of the order that its creation brought."""
    traceparent: str | None
    """What the event has to carry."""
    sent_at_ms: int
    answered_at_ms: int


def make_changes(url: str) -> list[Change]:
    """Orders beside each other, the changes of each one after the other."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        brought = clients.map(lambda order_id: change_brought_order(url, order_id), BROUGHT_ORDERS)
        changes = [change for of_order in brought for change in of_order]
        currencies: set[str] = set()
        for first in range(0, ORDERS_MAX, ORDERS_MIN):
            numbers = range(first, first + ORDERS_MIN)
            for of_order in clients.map(lambda number: change_order(url, number), numbers):
                changes.extend(of_order)
                currencies.add(of_order[0].data['currency'])
            if currencies == CURRENCIES:
                return changes
    raise AssertionError(f'{ORDERS_MAX} orders, and not every currency among them: {currencies}')


def change_order(url: str, number: int) -> list[Change]:
    """Creates the order of that number and gives it a few statuses, the present one among them."""
    order_id = ORDER_IDS[number] if number < len(ORDER_IDS) else f'ORD-MORE-{number}'
    statuses = [STATUSES[(number + step // 2) % 5] for step in range(number % 6)]
    content = f'"numItems": {1 + number % 100}'
    return change_through(url, order_id, content, {}, statuses, number % len(TRACEPARENTS))


def change_brought_order(url: str, order_id: str) -> list[Change]:
    """Each later event has to keep the fields that were brought."""
    order = BROUGHT_ORDERS[order_id]
    return change_through(url, order_id, order.body, order.fields, ['confirmed', 'cancelled'], 0)


def change_through(
    url: str, order_id: str, content: str, brought: dict, statuses: list[str], first: int
) -> list[Change]:
    """`content` is what the body of the creation has beside the id, as JSON."""
    traceparents = itertools.cycle(TRACEPARENTS[first:] + TRACEPARENTS[:first])
    padded_id = json.dumps(f'  {order_id}\t')
    creation = f'{{"orderId": {padded_id}, {content}}}'
    requests = [('POST', f'{url}/api/create-order', creation)]
    for status in statuses:
        update = json.dumps({'orderId': order_id, 'status': status})
        requests.append(('PUT', f'{url}/api/update-order', update))
    return [
        Change(order_id, sequence, brought=brought, **send(*request, next(traceparents)))
        for sequence, request in enumerate(requests, 1)
    ]


def send(method: str, url: str, body: str, traceparent: str | None) -> dict:
    """The fields of a Change that the request and its answer give."""
    headers = {'content-type': 'application/json'}
    if traceparent is not None:
        headers['traceparent'] = traceparent
    request = urllib.request.Request(url, body.encode(), headers, method=method)
    sent_at_ms = time.time_ns() // 1_000_000
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        raise AssertionError(f'{method} {body} was answered {error.code}: {error.read()}') from None
    return {
        'type': 'created' if method == 'POST' else 'status-changed',
        'data': json.loads(text, parse_float=Decimal, parse_int=Decimal)['data'],
        'traceparent': traceparent if traceparent in VALID_TRACEPARENTS else None,
        'sent_at_ms': sent_at_ms,
        'answered_at_ms': time.time_ns() // 1_000_000,
    }
