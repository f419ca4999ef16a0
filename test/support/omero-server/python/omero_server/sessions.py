"""OMERO's sessions: rows of the database, with a count of the clients that use each."""

import threading
import uuid

from . import people

IDLE_MS = 600_000


class Session:
    def __init__(self, id, key, person, group, agent):
        self.id = id
        self.uuid = key
        self.person = person
        self.group = group
        self.agent = agent
        self.clients = 0
        self.closed = False


class Sessions:
    def __init__(self, database):
        self.database = database
        self._open = {}
        self._lock = threading.Lock()

    def create(self, name, agent):
        """None for an account without a group to work in, which OMERO refuses."""
        person = people.find(self.database, name)
        if person is None or person.default_group is None:
            return None
        key = str(uuid.uuid4())
        row = self.database.one(
            """INSERT INTO session (id, permissions, version, uuid, owner, node, started, timetoidle, timetolive, defaulteventtype, useragent)
               SELECT ome_nextval('seq_session'), -120, 0, %s, %s, max(id), now() AT TIME ZONE 'UTC', %s, 0, 'User', %s
               FROM node WHERE down IS NULL RETURNING id""",
            key,
            person.id,
            IDLE_MS,
            agent,
        )
        session = Session(row.id, key, person, person.default_group, agent)
        with self._lock:
            session.clients = 1
            self._open[key] = session
        return session

    def find(self, key):
        with self._lock:
            return self._open.get(key)

    def join(self, key):
        with self._lock:
            session = self._open.get(key)
            if session is not None:
                session.clients += 1
            return session

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
