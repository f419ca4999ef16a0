"""OMERO's sessions: rows of the database, with a count of the clients that use each."""

import threading
import time
import uuid

from . import people

IDLE_MS = 600_000


class Session:
    def __init__(self, id, key, person, group, agent, time_to_live=0, time_to_idle=IDLE_MS):
        self.id = id
        self.uuid = key
        self.person = person
        self.group = group
        self.agent = agent
        self.time_to_live = time_to_live
        self.time_to_idle = time_to_idle
        self.clients = 0
        self.closed = False
        self.inputs, self.outputs = {}, {}
        self._started = time.monotonic()

    @property
    def has_expired(self):
        """The time to live is counted from the start, whoever uses the session. The time to idle is not watched."""
        return self.time_to_live > 0 and time.monotonic() - self._started > self.time_to_live / 1000


class Sessions:
    def __init__(self, database):
        self.database = database
        self._open = {}
        self._lock = threading.Lock()

    def create(self, name, agent):
        """A session with its first client. None for an account without a group to work in, which OMERO refuses."""
        person = people.find(self.database, name)
        if person is None or person.default_group is None:
            return None
        session = self._open_session(person, person.default_group, agent)
        session.clients = 1
        return session

    def create_for(self, person, group, sudoer, time_to_live, time_to_idle):
        """A session that waits for its first client."""
        return self._open_session(person, group, "createSession", sudoer.id, time_to_live, time_to_idle)

    def _open_session(self, person, group, agent, sudoer=None, time_to_live=0, time_to_idle=IDLE_MS):
        key = str(uuid.uuid4())
        row = self.database.one(
            """WITH made AS (
                 INSERT INTO session (id, permissions, version, uuid, owner, node, started, timetoidle, timetolive, defaulteventtype, useragent, sudoer)
                 SELECT ome_nextval('seq_session'), -120, 0, %s, %s, max(id), now() AT TIME ZONE 'UTC', %s, %s, 'User', %s, %s::bigint
                 FROM node WHERE down IS NULL RETURNING id)
               INSERT INTO server_memory.session_group SELECT id, %s FROM made RETURNING session AS id""",
            *(key, person.id, time_to_idle, time_to_live, agent, sudoer, group.id),
        )
        session = Session(row.id, key, person, group, agent, time_to_live, time_to_idle)
        with self._lock:
            self._open[key] = session
        return session

    def find(self, key):
        with self._lock:
            session = self._open.get(key)
        return None if session is None or self.end_expired(session) else session

    def join(self, key):
        session = self.find(key)
        if session is not None:
            with self._lock:
                session.clients += 1
        return session

    def end_expired(self, session):
        if session.has_expired and not session.closed:
            with self._lock:
                session.clients = 0
            self.close(session)
        return session.closed

    def detach(self, session):
        with self._lock:
            session.clients -= 1

    def close(self, session):
        """The number of clients that still use it, or -2 where this closed it."""
        with self._lock:
            session.clients -= 1
            if session.clients > 0:
                return session.clients
            self._open.pop(session.uuid, None)
            session.closed = True
        self.database.all(
            "UPDATE session SET closed = now() AT TIME ZONE 'UTC' WHERE id = %s AND closed IS NULL", session.id
        )
        return -2
