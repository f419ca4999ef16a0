"""IQuery: none of its queries is needed to sign in."""

import omero.api

from ..servant import serves
from .service import Service


@serves(omero.api.IQuery)
class Query(Service, omero.api.IQuery):
    pass
