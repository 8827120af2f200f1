-- What is not at its end, found without reading what is.

CREATE INDEX generations_unfinished ON generations (id) WHERE ended_at IS NULL;
CREATE INDEX deliveries_pending ON deliveries (id) WHERE state = 'pending';
