#!/usr/bin/env python3
"""Creates an order and changes its status, and deals with every answer the service may give.

A change is done when the answer says so. Otherwise the answer tells what to do: a 4xx is final but for a
few; a 503 and a 429 say by their `outcome` whether anything may have happened. Needs nothing but Python, and visible_text.py beside it.
"""

import argparse
import http.client
import json
import shlex
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import NamedTuple

from visible_text import visible

TRIES_MAX = 6
UNAVAILABLE = {429, 502, 503, 504}  # The service sends 429 and 503; the others are of proxies.
BUSY = {'CHANGE_IN_FLIGHT', 'REQUEST_TIMED_OUT'}  # Nothing happened; the same may succeed.
TIMEOUT_SECONDS = 15  # Longer than the service's PUBLISH_TIMEOUT_MS: let it say how things stand.
WAIT_SECONDS = 1  # Where the answer does not say.
WAIT_SECONDS_MAX = 30


class Answer(NamedTuple):
    status: int
    body: dict
    wait_seconds: int = WAIT_SECONDS


class Result(NamedTuple):
    answer: Answer
    was_in_doubt: bool
    """An earlier try of this change may have been the one that made it."""


class GivenUp(Exception):
    """No answer was final."""


def send(method: str, url: str, body: dict) -> Answer:
    """One try. That no answer came is an answer too: a 503 that the service did not send."""
    request = urllib.request.Request(
        url,
        method=method,
        data=json.dumps(body).encode(),
        headers={'content-type': 'application/json'},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return Answer(response.status, json.load(response))
    except urllib.error.HTTPError as error:
        return read_problem(error)
    except (OSError, http.client.HTTPException) as error:
        is_refused = isinstance(getattr(error, 'reason', None), ConnectionRefusedError)
        outcome = 'not-applied' if is_refused else 'unknown'
        return Answer(503, {'outcome': outcome, 'detail': str(error)})


def read_problem(error: urllib.error.HTTPError) -> Answer:
    try:
        body = json.load(error)
    except ValueError:
        body = {'detail': f'{error.code} {error.reason}, and not by the service'}
    retry_after = error.headers.get('retry-after', '')
    wait_seconds = int(retry_after) if retry_after.isdecimal() else WAIT_SECONDS
    return Answer(error.code, body, min(wait_seconds, WAIT_SECONDS_MAX))


def change(method: str, url: str, body: dict) -> Result:
    """Sends the same request until the answer is final.

    `not-applied`: nothing happened, so trying again is always right. `unknown`: it may have
    happened or happen later; only the same request sent again tells. A later `not-applied` speaks
    of that later try alone, so the doubt stays until the change is answered for.
    """
    was_in_doubt = False
    for tries_left in reversed(range(TRIES_MAX)):
        answer = send(method, url, body)
        is_busy = answer.body.get('code') in BUSY
        if answer.status not in UNAVAILABLE and not is_busy:
            return Result(answer, was_in_doubt)
        if not is_busy and answer.body.get('outcome') != 'not-applied':
            was_in_doubt = True
        print(f'{detail_of(answer)} ({tries_left} tries left)', file=sys.stderr)
        if tries_left > 0:
            time.sleep(answer.wait_seconds)
    if was_in_doubt:
        raise GivenUp('The change may have been made; the same command again will tell')
    raise GivenUp('Nothing was changed; to try again')


def create_order(url: str, order_id: str, num_items: int) -> None:
    body = {'orderId': order_id, 'numItems': num_items}
    answer, was_in_doubt = change('POST', f'{url}/api/create-order', body)
    if answer.status == 201:
        print_order(answer.body)
    elif was_in_doubt and answer.body.get('code') == 'ORDER_ALREADY_EXISTS':
        print(f"Order '{order_id}' was created by an earlier try")
    else:
        sys.exit(detail_of(answer))


def update_order(url: str, order_id: str, status: str) -> None:
    """With the status policy `any` a repeated change may be made twice, which does no harm."""
    body = {'orderId': order_id, 'status': status}
    answer, was_in_doubt = change('PUT', f'{url}/api/update-order', body)
    if answer.status == 200:
        print_order(answer.body)
    elif was_in_doubt:
        sys.exit(f'{detail_of(answer)} (by an earlier try, perhaps)')
    else:
        sys.exit(detail_of(answer))


def detail_of(answer: Answer) -> str:
    """The words of whoever answered, for a terminal."""
    return visible(str(answer.body.get('detail')))


def print_order(body: dict) -> None:
    order = body['data']
    sum_text = f'{order["status"]}, {order["totalAmount"]} {order["currency"]}'
    print(visible(f'{body["message"]}: {sum_text}'))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('order_id', nargs='?', default=f'ORD-{uuid.uuid4()}')
    parser.add_argument('--num-items', type=int, default=3)
    parser.add_argument('--status', default='confirmed')
    parser.add_argument('--url', default='http://localhost:8000')
    options = parser.parse_args()
    try:
        create_order(options.url, options.order_id, options.num_items)
        update_order(options.url, options.order_id, options.status)
    except GivenUp as error:
        sys.exit(f'Given up. {error}: {same_command(options)}')


def same_command(options: argparse.Namespace) -> str:
    """With the order id: one that was made up here would be another one the next time."""
    named = {'num-items': options.num_items, 'status': options.status, 'url': options.url}
    words = [f'--{name}={value}' for name, value in named.items()]
    return shlex.join([sys.executable, sys.argv[0], *words, '--', options.order_id])


if __name__ == '__main__':
    main()
