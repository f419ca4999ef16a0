"""What all services have: the session that calls, and OMERO's check whether it may."""

from contextlib import contextmanager

import omero

from ..rights import Rights
from ..writing import Writing


class Service:
    def __init__(self, sessions, session):
        self._sessions = sessions
        self._session = session

    def check(self):
        if self._sessions.end_expired(self._session):
            raise omero.RemovedSessionException("", "", f"No session with uuid: {self._session.uuid}")
        person = self._session.person
        if not person.may_call:
            raise omero.SecurityViolation(
                "", "", f"No matching roles found in {person.groups} for session {self._session.uuid}"
            )

    def rights(self):
        return Rights(self._sessions.database, self._session.person)

    @contextmanager
    def writing(self, current):
        """A transaction in the group that the call names, or else in that of the session."""
        group = int(current.ctx.get("omero.group", self._session.group.id))
        rights = self.rights()
        if not rights.may_work_in(group):
            raise omero.SecurityViolation("", "", f"User {self._session.person.id} is not a member of group {group}")
        with self._sessions.database.transaction() as run:
            yield Writing(run, rights, self._session, group)
