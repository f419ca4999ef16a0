-- Up Migration

-- What people requested back, newest first: of all requests, and of one.
CREATE INDEX event_retrieval ON event (id) WHERE what = 'retrieval asked';
CREATE INDEX event_retrieval_request ON event (request_id, id) WHERE what = 'retrieval asked';

-- Events of a request as a whole: few, beside those of its bags and files.
CREATE INDEX event_whole_request ON event (request_id, id) WHERE bag_id IS NULL AND file_id IS NULL;

-- Down Migration

DROP INDEX event_retrieval, event_retrieval_request, event_whole_request;
