-- Where the event was, or is to be, published. Null: from before it was recorded.
ALTER TABLE order_events ADD COLUMN topic TEXT;

-- The request that caused the event, by its idempotency key; forgotten some time after it was settled.
ALTER TABLE order_events ADD COLUMN idempotency_key TEXT;
ALTER TABLE order_events ADD COLUMN request_fingerprint TEXT; -- SHA-256, hex

CREATE UNIQUE INDEX order_events_idempotency_key ON order_events (idempotency_key)
WHERE idempotency_key IS NOT NULL;

-- The keys that are to be forgotten, oldest first.
CREATE INDEX order_events_keys_by_age ON order_events (settled_at)
WHERE idempotency_key IS NOT NULL AND settled_at IS NOT NULL;

-- Lists of orders, newest first: of all, of a status, of a customer.
CREATE INDEX orders_by_date ON orders (order_date, order_id);
CREATE INDEX orders_by_status ON orders (status, order_date, order_id);
CREATE INDEX orders_by_customer ON orders (customer_id, order_date, order_id);
