"""A client's session: hands out its services."""

import Ice
import omero
import omero.api
import omero.cmd

from .commands import Commands, Handle
from .servant import serves
from .services.admin import Admin
from .services.config import Config
from .services.query import Query
from .services.raw_file_store import RawFileStore
from .services.script import Scripts
from .services.session import SessionService
from .services.update import Update


@serves(omero.api.ServiceFactory)
class ServiceFactory(omero.api.ServiceFactory):
    def __init__(self, adapter, sessions, session, server):
        self._adapter = adapter
        self._sessions = sessions
        self._session = session
        self._server = server
        self._closes = True
        self._identities = []

    def register(self, client):
        # Clients take the session's identifier from the name.
        return self._add(self, Ice.Identity(self._session.uuid, client), omero.api.ServiceFactoryPrx)

    def end(self):
        for identity in self._identities:
            # What clients close, as they do with handles, is gone already.
            if self._adapter.find(identity):
                self._adapter.remove(identity)
        if self._session.closed:
            return
        if self._closes:
            self._sessions.close(self._session)
        else:
            self._sessions.detach(self._session)

    def _add(self, servant, identity, proxy):
        self._identities.append(identity)
        return proxy.uncheckedCast(self._adapter.add(servant, identity))

    def _serve(self, servant, proxy):
        return self._add(servant, Ice.Identity(Ice.generateUUID(), self._session.uuid), proxy)

    def getAdminService(self, current):
        return self._serve(Admin(self._sessions, self._session), omero.api.IAdminPrx)

    def getConfigService(self, current):
        return self._serve(Config(self._sessions, self._session, self._server.config), omero.api.IConfigPrx)

    def getQueryService(self, current):
        return self._serve(Query(self._sessions, self._session), omero.api.IQueryPrx)

    def getSessionService(self, current):
        return self._serve(SessionService(self._sessions, self._session), omero.api.ISessionPrx)

    def getUpdateService(self, current):
        return self._serve(Update(self._sessions, self._session), omero.api.IUpdatePrx)

    def getScriptService(self, current):
        server = self._server
        scripts = Scripts(self._sessions, self._session, server.processor, server.texts, self._serve)
        return self._serve(scripts, omero.api.IScriptPrx)

    def createRawFileStore(self, current):
        return self._serve(RawFileStore(self._sessions, self._session, self._server.files), omero.api.RawFileStorePrx)

    def submit(self, request, current):
        response = Commands(self._sessions, self._session).answer(request, current)
        return self._serve(Handle(request, response), omero.cmd.HandlePrx)

    def setCallback(self, callback, current):
        pass

    def keepAlive(self, service, current):
        return not self._session.closed

    def keepAllAlive(self, services, current):
        return 0 if self._session.closed else (1 << len(services)) - 1

    def activeServices(self, current):
        return []

    def closeOnDestroy(self, current):
        self._closes = True

    def detachOnDestroy(self, current):
        self._closes = False

    def destroy(self, current):
        self.end()
