-- expand
-- Every event of every order. Without a topic_offset it is pending; all pending events are the outbox.
-- Times are milliseconds since 1970. Rows are added at the end, and what settling adds to a row is no
-- longer than what it takes from it, so pages fill up once.
CREATE TABLE order_events (
  id                  INTEGER PRIMARY KEY, -- order of arrival
  event_id            TEXT    NOT NULL,
  order_id            TEXT    NOT NULL,
  order_number        INTEGER,             -- orders.order_number; null: pending
  version             INTEGER NOT NULL CHECK (version >= 1), -- 1: created; above: its status changed
  owner               TEXT,                -- the instance that may publish, settle or discard it; null: settled
  time                INTEGER NOT NULL,
  traceparent         TEXT,
  principal           TEXT,                -- whose request caused it, as kind:id; null: callers were not asked
  topic               TEXT    NOT NULL,
  topic_partition     INTEGER NOT NULL,
  search_from_offset  INTEGER NOT NULL,
  producer_id         INTEGER NOT NULL,    -- the lane's at that time: whoever takes the event over
  producer_epoch      INTEGER NOT NULL,    -- sends it as the same one
  schema_id           INTEGER NOT NULL,
  key                 BLOB,                -- the bytes of the topic, kept so that every copy is the same;
  value               BLOB    NOT NULL,    -- key null: the order id in UTF-8
  state               TEXT    NOT NULL,    -- the order after the change, amounts in minor units, as JSON:
                                           -- [status, customer id, date, currency, total, [[item id, quantity, price], …]]
  topic_offset        INTEGER,
  settled_at          INTEGER,             -- by the database's clock
  settled_in          INTEGER NOT NULL DEFAULT 0, -- numbers the settled events in the order of their settling; 0: pending
  idempotency_key     TEXT,                -- of the request that caused it, behind its principal; forgotten some time after it was settled
  request_fingerprint TEXT,                -- SHA-256, hex
  CHECK ((topic_offset IS NULL) = (settled_at IS NULL)),
  CHECK ((topic_offset IS NULL) = (order_number IS NULL)),
  CHECK ((topic_offset IS NULL) = (owner IS NOT NULL))
) STRICT;

-- At most one pending event per order, and the way to find them all.
CREATE UNIQUE INDEX order_events_pending ON order_events (order_id) WHERE topic_offset IS NULL;

-- The history of an order. By its number: new orders are added at the end, whatever their ids are.
CREATE UNIQUE INDEX order_events_of_order ON order_events (order_number, version)
WHERE order_number IS NOT NULL;

-- For readers that follow the changes, and the way to the highest number.
CREATE UNIQUE INDEX order_events_settled ON order_events (settled_in)
WHERE topic_offset IS NOT NULL;

CREATE UNIQUE INDEX order_events_idempotency_key ON order_events (idempotency_key)
WHERE idempotency_key IS NOT NULL;

-- The keys that are to be forgotten, oldest first.
CREATE INDEX order_events_keys_by_age ON order_events (settled_at)
WHERE idempotency_key IS NOT NULL AND settled_at IS NOT NULL;

-- An order is its latest settled event; this row says which that is, and what orders are found by.
-- One without events is retired: its id stays taken.
CREATE TABLE orders (
  order_id     TEXT    PRIMARY KEY,
  order_number INTEGER NOT NULL,          -- the id of its first event
  version      INTEGER NOT NULL,
  status       TEXT    NOT NULL,
  customer_id  TEXT    NOT NULL,
  order_date   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Lists of orders, newest first: of all, of a status, of a customer.
CREATE INDEX orders_by_date ON orders (order_date, order_id);
CREATE INDEX orders_by_status ON orders (status, order_date, order_id);
CREATE INDEX orders_by_customer ON orders (customer_id, order_date, order_id);

-- The last place of the events that went with their orders: readers of the stream that are behind it
-- may have missed some.
CREATE TABLE retired_events (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  settling INTEGER NOT NULL,
  arrival  INTEGER NOT NULL
) STRICT;

INSERT INTO retired_events (id, settling, arrival) VALUES (1, 0, 0);

-- The instance that opened this file last. Every other one is gone: the file belongs to one process.
CREATE TABLE current_instance (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  instance_id TEXT    NOT NULL
) STRICT;

-- What the registry last agreed to.
CREATE TABLE schema_ids (
  subject     TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,           -- SHA-256 of the schema's text, hex
  schema_id   INTEGER NOT NULL,
  PRIMARY KEY (subject, fingerprint)
) STRICT, WITHOUT ROWID;

-- One row, counted up to find out whether the store can write.
CREATE TABLE write_probe (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  writes INTEGER NOT NULL
) STRICT;

INSERT INTO write_probe (id, writes) VALUES (1, 0);

-- One row: the largest number of items of an order that was ever allowed by a setting, or imported.
CREATE TABLE order_size (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  items_max INTEGER NOT NULL
) STRICT;

INSERT INTO order_size (id, items_max) VALUES (1, 0);
