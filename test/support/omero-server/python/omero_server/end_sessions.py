"""python -m omero_server.end_sessions PORT UUID...: closes sessions for all their clients, as an administrator does."""

import sys

import omero
import omero.clients
from omero.model import SessionI
from omero.rtypes import rstring


def end(port, key):
    client = omero.client("127.0.0.1", port)
    session = SessionI()
    session.uuid = rstring(key)
    try:
        service = client.joinSession(key).getSessionService()
        # The number of clients that still use it, or less than 0 where it is closed.
        while service.closeSession(session) > 0:
            pass
    finally:
        client.closeSession()


for each in sys.argv[2:]:
    end(int(sys.argv[1]), each)
