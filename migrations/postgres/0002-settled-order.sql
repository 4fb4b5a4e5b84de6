-- The transaction that settled it: what commits later may have a lower number, but none below the
-- oldest transaction that is still under way. 0: it is pending, or was settled before this was recorded.
ALTER TABLE order_events ADD COLUMN settled_in bigint NOT NULL DEFAULT 0;

-- For readers that follow the changes; of one transaction by the order of arrival.
CREATE UNIQUE INDEX order_events_settled ON order_events (settled_in, id)
WHERE topic_offset IS NOT NULL;
