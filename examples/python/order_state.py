"""What this consumer makes of the events, and which events it has seen.

Both are in one database and changed in one transaction. So a process that dies at any point leaves
an event either applied and known, or neither, and a message that is read again finds out which.
"""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Self

from read_event import OrderEvent, UnusableEvent

# `events` has each event that was seen; `waiting_order` is its order while it waits. The other two
# tables are the work: the state of each order, and how often orders came into each status. The
# counts are there to show the point, because an event that was applied twice would spoil them.
SCHEMA = """
    CREATE TABLE IF NOT EXISTS events (
      order_id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      waiting_order TEXT,
      PRIMARY KEY (order_id, sequence)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS orders (
      order_id TEXT PRIMARY KEY,
      last_sequence INTEGER NOT NULL,
      status TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS status_counts (
      status TEXT PRIMARY KEY,
      count INTEGER NOT NULL
    ) STRICT;
"""


class VersionTaken(UnusableEvent):
    """Two events claim to be one version of an order."""


class OrderState:
    def __init__(self, path: str) -> None:
        # No isolation level: transactions begin where the code says so.
        self._db = sqlite3.connect(path, isolation_level=None)
        # FULL: the offset is committed to Kafka next, so this must not be lost with the machine.
        self._db.executescript('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;' + SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def receive(self, event: OrderEvent) -> str:
        """Applies the event if it is its turn, and tells what became of it.

        Remembers it in any case, but raises VersionTaken if another event has its version.
        """
        with self._db:
            self._db.execute('BEGIN IMMEDIATE')
            return self._receive(event)

    def accept_gaps(self) -> list[str]:
        """Applies every event that waits, over the gaps before them, and tells of each gap."""
        with self._db:
            self._db.execute('BEGIN IMMEDIATE')
            return list(self._accept_gaps())

    def forget_waiting(self, order_id: str) -> str:
        """Its order was erased: what waits of it is not applied, and may name the customer."""
        self._db.execute('UPDATE events SET waiting_order = NULL WHERE order_id = ?', (order_id,))
        return f'forgot what waited of {order_id}: erased'

    def _receive(self, event: OrderEvent) -> str:
        order_id, sequence = event.order['orderId'], event.sequence
        subject = f'{order_id} version {sequence}'
        known_id = self._read(
            'SELECT event_id FROM events WHERE order_id = ? AND sequence = ?', order_id, sequence
        )
        if known_id == event.id:
            return f'dropped {subject}: repeated'
        if known_id is not None:
            raise VersionTaken(f'event {known_id} is {subject} too')
        last = self._last_sequence(order_id)
        waiting_order = write_order(event.order) if sequence > last else None
        self._db.execute(
            'INSERT INTO events (order_id, sequence, event_id, waiting_order) VALUES (?, ?, ?, ?)',
            (order_id, sequence, event.id, waiting_order),
        )
        if sequence <= last:
            return f'dropped {subject}: its gap was accepted'
        if sequence > last + 1:
            return f'kept {subject}: GAP, version {last + 1} is missing'
        applied = ', '.join(str(version) for version in self._apply_from(sequence, event.order))
        return f'applied {order_id} version {applied}'

    def _accept_gaps(self) -> Iterator[str]:
        waiting = self._db.execute(
            'SELECT sequence, waiting_order FROM events WHERE waiting_order NOT NULL '
            'ORDER BY order_id, sequence'
        ).fetchall()
        for sequence, order_json in waiting:
            order = json.loads(order_json)
            last = self._last_sequence(order['orderId'])
            if sequence > last + 1:
                yield f'accepted {order["orderId"]} without versions {last + 1} to {sequence - 1}'
            self._apply(sequence, order)

    def _apply_from(self, sequence: int, order: dict) -> Iterator[int]:
        """Those that waited for it as well."""
        waiting_order: str | None = write_order(order)
        while waiting_order is not None:
            self._apply(sequence, json.loads(waiting_order))
            yield sequence
            sequence += 1
            waiting_order = self._read(
                'SELECT waiting_order FROM events WHERE order_id = ? AND sequence = ?',
                order['orderId'],
                sequence,
            )

    def _apply(self, sequence: int, order: dict) -> None:
        """The work. Put yours in place of the last statement."""
        self._db.execute(
            'UPDATE events SET waiting_order = NULL WHERE order_id = ? AND sequence = ?',
            (order['orderId'], sequence),
        )
        self._db.execute(
            'INSERT INTO orders (order_id, last_sequence, status) VALUES (?, ?, ?) '
            'ON CONFLICT (order_id) DO UPDATE '
            'SET last_sequence = excluded.last_sequence, status = excluded.status',
            (order['orderId'], sequence, order['status']),
        )
        self._db.execute(
            'INSERT INTO status_counts VALUES (?, 1) '
            'ON CONFLICT (status) DO UPDATE SET count = count + 1',
            (order['status'],),
        )

    def _last_sequence(self, order_id: str) -> int:
        return self._read('SELECT last_sequence FROM orders WHERE order_id = ?', order_id) or 0

    def _read(self, statement: str, *parameters: object) -> Any:
        row = self._db.execute(statement, parameters).fetchone()
        return None if row is None else row[0]


def write_order(order: dict) -> str:
    """Fields of later schemas may be of types that JSON does not have."""
    return json.dumps(order, default=str)
