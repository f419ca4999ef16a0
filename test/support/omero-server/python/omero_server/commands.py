"""What is submitted to a session: deleting links of annotations, done at once."""

import omero
import omero.cmd

from .servant import refusal, serves
from .services.service import Service
from .writing import LINKS


class Commands(Service):
    def answer(self, request, current):
        """OMERO answers a refusal as an ERR, not as an exception."""
        targets = getattr(request, "targetObjects", None) or {}
        if not isinstance(request, omero.cmd.Delete2) or not targets or set(targets) - set(LINKS):
            raise refusal("Session.submit", f"{type(request).__name__} of {sorted(targets)}")
        try:
            with self.writing(current) as writing:
                for kind, ids in targets.items():
                    for id in ids:
                        writing.unlink(kind, id)
        except omero.SecurityViolation as error:
            return omero.cmd.ERR("omero.cmd.Delete2", "graph-fail", {"message": error.message})
        return omero.cmd.Delete2Response(deletedObjects={kind: list(ids) for kind, ids in targets.items()})


@serves(omero.cmd.Handle)
class Handle(omero.cmd.Handle):
    """Of a command that is already done: it needs no callbacks."""

    def __init__(self, request, response):
        self._request = request
        self._response = response

    def addCallback(self, callback, current):
        pass

    def removeCallback(self, callback, current):
        pass

    def getRequest(self, current):
        return self._request

    def getResponse(self, current):
        return self._response

    def getStatus(self, current):
        failed = isinstance(self._response, omero.cmd.ERR)
        return omero.cmd.Status(flags=[omero.cmd.State.FAILURE] if failed else [])

    def cancel(self, current):
        return False

    def close(self, current):
        current.adapter.remove(current.id)
