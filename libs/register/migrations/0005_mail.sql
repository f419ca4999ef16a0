-- Up Migration

-- What a mail says, once for all who get it.
CREATE TABLE mail_content (
  id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  facts jsonb NOT NULL
);

-- The outbox: one row for each reason and recipient. The row decides; the queue in Redis only delivers.
CREATE TABLE mail (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Why it is sent, with the number of the event or request: the same reason never gives one recipient two mails.
  reason      text NOT NULL,
  -- `person:ID`, `login:NAME` or `address:ADDRESS`.
  recipient   text NOT NULL,
  template    text NOT NULL,
  content_id  bigint NOT NULL REFERENCES mail_content,
  name        text,
  address     text,
  -- The same at each attempt: a server or mailbox that gets it twice can recognise it.
  message_id  text NOT NULL,
  -- unsure: the notifier died between the last byte and the server's answer. gathered: for the recipient's next daily
  -- digest; digested: in one.
  state       text NOT NULL CHECK (state IN ('waiting', 'sending', 'handingOver', 'sent', 'refused', 'unsure', 'gathered', 'digested')),
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
CREATE INDEX mail_gathered ON mail (recipient, id) WHERE state = 'gathered';
CREATE INDEX mail_template ON mail (template, created_at);
CREATE INDEX mail_settled ON mail (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX mail_content_used ON mail (content_id);

-- How much mail a person wants; who is not in it gets each at once. Mail about data loss is always sent.
CREATE TABLE mail_choice (
  person_id  bigint PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  choice     text NOT NULL CHECK (choice IN ('daily', 'none')),
  changed_at timestamptz NOT NULL DEFAULT now()
);

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

-- What is wrong now and was reported by an event: the event is written when it is found, not each time it is seen.
CREATE TABLE trouble (
  name   text PRIMARY KEY,
  code   text,
  detail jsonb NOT NULL,
  since  timestamptz NOT NULL DEFAULT now()
);

-- When each service last reported, and until when it was to report again.
CREATE TABLE service_report (
  service     text PRIMARY KEY,
  reported_at timestamptz NOT NULL DEFAULT now(),
  next_at     timestamptz NOT NULL
);

-- Recalled copies by their end.
CREATE INDEX file_recalled_until ON file (online_until) WHERE phase = 'recalled';

-- Down Migration

DROP INDEX file_recalled_until;
DROP TABLE service_report, trouble, mail_handled, mail_cursor, mail_choice, mail, mail_content;
