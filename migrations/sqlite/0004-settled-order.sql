-- The order in which events were settled: later ones have a higher number. 0: it is pending, or was
-- settled before this was recorded; of those `id` tells the order.
ALTER TABLE order_events ADD COLUMN settled_in INTEGER NOT NULL DEFAULT 0;

-- For readers that follow the changes, and the way to the highest number.
CREATE UNIQUE INDEX order_events_settled ON order_events (settled_in, id)
WHERE topic_offset IS NOT NULL;
