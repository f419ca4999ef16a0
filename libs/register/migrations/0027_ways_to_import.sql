-- Up Migration

-- Annotations of OMERO by which imports were ordered, and what each is answered.
CREATE TABLE import_mark (
  annotation_id bigint PRIMARY KEY,
  -- What became of it: an order, or the reason why there is none.
  order_id      bigint REFERENCES import_order,
  refused       text,
  -- The answer that the annotation has.
  written       text,
  -- The last answer is written: the annotation is not looked at before its owner asks again.
  closed        boolean NOT NULL DEFAULT false,
  CHECK ((order_id IS NULL) <> (refused IS NULL)),
  CHECK (NOT closed OR written IS NOT NULL)
);
CREATE INDEX import_mark_open ON import_mark (annotation_id) WHERE NOT closed;

-- Down Migration

DROP TABLE import_mark;
