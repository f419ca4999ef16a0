"""ISession: looks up sessions and closes them."""

import omero
import omero.api
from omero.model import ExperimenterGroupI, ExperimenterI, SessionI
from omero.rtypes import rlong, rstring

from ..servant import serves
from .service import Service


@serves(omero.api.ISession)
class SessionService(Service, omero.api.ISession):
    def getSession(self, key, current):
        found = self._find(key)
        answer = SessionI(found.id, True)
        answer.uuid = rstring(found.uuid)
        answer.userAgent = rstring(found.agent)
        answer.timeToIdle = rlong(600_000)
        answer.timeToLive = rlong(0)
        answer.details.owner = ExperimenterI(found.person.id, False)
        answer.details.group = ExperimenterGroupI(found.group.id, False)
        return answer

    def getReferenceCount(self, key, current):
        return self._find(key).clients

    def closeSession(self, session, current):
        found = self._sessions.find(session.uuid.val)
        return -1 if found is None else self._sessions.close(found)

    def _find(self, key):
        found = self._sessions.find(key)
        if found is None:
            raise omero.RemovedSessionException("", "", f"No session with uuid: {key}")
        return found
