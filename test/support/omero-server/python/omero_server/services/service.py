"""What all services have: the session that calls, and OMERO's check whether it may."""

import omero


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
