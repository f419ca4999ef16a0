"""ISession: opens sessions for others, looks up sessions and closes them."""

import omero
import omero.api
from omero.model import ExperimenterGroupI, ExperimenterI, SessionI
from omero.rtypes import rlong, rstring

from .. import people
from ..servant import serves
from .service import Service


@serves(omero.api.ISession)
class SessionService(Service, omero.api.ISession):
    def createSessionWithTimeout(self, principal, time_to_live, current):
        return self.createSessionWithTimeouts(principal, time_to_live, 0, current)

    def createSessionWithTimeouts(self, principal, time_to_live, time_to_idle, current):
        """For administrators with the privilege Sudo, and for leaders in their groups. Times are in milliseconds."""
        person = people.find(self._sessions.database, principal.name)
        if person is None:
            raise omero.ApiUsageException("", "", f"No user with omeName: {principal.name}")
        group = person.group_named(principal.group) if principal.group else person.default_group
        if group is None:
            raise omero.SecurityViolation("", "", f"User {person.name} is not a member of group {principal.group}")
        if not self._session.person.may_open_sessions_in(group):
            raise omero.SecurityViolation("", "", f"{self._session.person.name} may not open a session for {person.name}")
        return as_object(
            self._sessions.create_for(person, group, self._session.person, time_to_live, time_to_idle)
        )

    def getSession(self, key, current):
        return as_object(self._find(key))

    def getReferenceCount(self, key, current):
        return self._find(key).clients

    def closeSession(self, session, current):
        found = self._sessions.find(session.uuid.val)
        return -1 if found is None else self._sessions.close(found)

    # What a script and whoever launched it give each other.
    def setInput(self, key, name, value, current):
        self._find(key).inputs[name] = value

    def getInput(self, key, name, current):
        return self._find(key).inputs.get(name)

    def getInputs(self, key, current):
        return self._find(key).inputs

    def getInputKeys(self, key, current):
        return list(self._find(key).inputs)

    def setOutput(self, key, name, value, current):
        self._find(key).outputs[name] = value

    def getOutputs(self, key, current):
        return self._find(key).outputs

    def _find(self, key):
        found = self._sessions.find(key)
        if found is None:
            raise omero.RemovedSessionException("", "", f"No session with uuid: {key}")
        return found


def as_object(session):
    answer = SessionI(session.id, True)
    answer.uuid = rstring(session.uuid)
    answer.userAgent = rstring(session.agent)
    answer.timeToIdle = rlong(session.time_to_idle)
    answer.timeToLive = rlong(session.time_to_live)
    answer.details.owner = ExperimenterI(session.person.id, False)
    answer.details.group = ExperimenterGroupI(session.group.id, False)
    return answer
