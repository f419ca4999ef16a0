"""Where clients arrive: signs them in, and gives each the factory of its services."""

import Glacier2
import Ice
import omero

from . import people
from .service_factory import ServiceFactory
from .servant import serves

CLIENT = omero.constants.CLIENTUUID


@serves(Glacier2.Router)
class Router(Glacier2.Router):
    def __init__(self, adapter, sessions, server):
        self._adapter = adapter
        self._sessions = sessions
        self._server = server
        self._clients = {}

    def createSession(self, name, password, current):
        session = self._join(name, password) or self._sign_in(name, password, current.ctx.get(omero.constants.AGENT))
        client = current.ctx.get(CLIENT, "")
        factory = ServiceFactory(self._adapter, self._sessions, session, self._server)
        self._clients[client] = factory
        return factory.register(client)

    def _join(self, name, password):
        """A session's identifier, as name and password, joins that session."""
        if self._sessions.find(name) is None and self._sessions.find(password) is None:
            return None
        if name != password:
            raise Glacier2.PermissionDeniedException("username and password must be equal; use joinSession")
        return self._sessions.join(name)

    def _sign_in(self, name, password, agent):
        if not people.has_password(self._sessions.database, name, password):
            raise Glacier2.PermissionDeniedException(f"Password check failed for '{name}'")
        session = self._sessions.create(name, agent)
        if session is None:
            raise Glacier2.CannotCreateSessionException(f"Can't find default group for {name}")
        return session

    def destroySession(self, current):
        factory = self._clients.pop(current.ctx.get(CLIENT, ""), None)
        if factory is None:
            raise Glacier2.SessionNotExistException()
        factory.end()

    def refreshSession(self, current):
        if current.ctx.get(CLIENT, "") not in self._clients:
            raise Glacier2.SessionNotExistException()

    def getCategoryForClient(self, current):
        return current.ctx.get(CLIENT, "")

    def getSessionTimeout(self, current):
        return 600

    def getACMTimeout(self, current):
        return 0

    # Clients call services through the router's own endpoints.
    def getClientProxy(self, current):
        return self._adapter.createProxy(Ice.Identity("dummy", "client"))

    def getServerProxy(self, current):
        return self._adapter.createProxy(Ice.Identity("dummy", current.ctx.get(CLIENT, "") or "server"))

    def addProxies(self, proxies, current):
        return []
