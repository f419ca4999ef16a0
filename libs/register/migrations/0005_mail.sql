-- Up Migration

-- The outbox: one row for each reason and recipient. The row decides; the queue in Redis only delivers.
CREATE TABLE mail (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Why it is sent, with the number of the event or request: the same reason never gives one recipient two mails.
  reason      text NOT NULL,
  -- `person:ID`, `login:NAME` or `address:ADDRESS`.
  recipient   text NOT NULL,
  template    text NOT NULL,
  facts       jsonb NOT NULL,
  name        text,
  address     text,
  -- The same at each attempt: a server or mailbox that gets it twice can recognise it.
  message_id  text NOT NULL,
  -- unsure: the notifier died between the last byte and the server's answer.
  state       text NOT NULL CHECK (state IN ('waiting', 'sending', 'handingOver', 'sent', 'refused', 'unsure')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  not_before  timestamptz NOT NULL DEFAULT now(),
  attempts    integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  code        text,
  -- What the server answered, or why there is no one to send it to.
  answer      text,
  settled_at  timestamptz,
  UNIQUE (reason, recipient)
);
CREATE INDEX mail_due ON mail (not_before, id) WHERE state = 'waiting';
CREATE INDEX mail_under_way ON mail (lease_until) WHERE state IN ('sending', 'handingOver');
CREATE INDEX mail_state ON mail (state, id) WHERE state <> 'sent';

-- Up to where the notifier has read the events. An event gets its number before it is committed, so events with lower
-- numbers can appear later: up to settled_event, all are handled and none can appear any longer; above it, mail_handled
-- lists those that are handled. Null until the notifier starts for the first time: earlier events give no mail.
CREATE TABLE mail_cursor (
  only_one      boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  settled_event bigint
);
INSERT INTO mail_cursor DEFAULT VALUES;

CREATE TABLE mail_handled (
  event_id bigint NOT NULL,
  topic    text NOT NULL,
  PRIMARY KEY (event_id, topic)
);

-- Down Migration

DROP TABLE mail_handled, mail_cursor, mail;
