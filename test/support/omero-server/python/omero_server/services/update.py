"""IUpdate: saves new annotations, files and links, each call in a transaction of its own."""

import omero
import omero.api
from omero.model import FileAnnotationI, MapAnnotationI, OriginalFileI

from ..servant import refusal, serves
from ..writing import LINKS
from .service import Service


@serves(omero.api.IUpdate)
class Update(Service, omero.api.IUpdate):
    def saveAndReturnObject(self, given, current):
        with self.writing(current) as writing:
            given.id = omero.rtypes.rlong(save(writing, given))
            return given

    def saveArray(self, given, current):
        with self.writing(current) as writing:
            for each in given:
                save(writing, each)


def save(writing, given):
    if given.id is not None:
        raise refusal("IUpdate", f"changing a {type(given).__name__}")
    if isinstance(given, MapAnnotationI):
        return writing.map_annotation(given)
    if isinstance(given, OriginalFileI):
        return writing.original_file(given.name.val, given.path.val, given.mimetype.val)
    if isinstance(given, FileAnnotationI):
        return writing.file_annotation(given.file.id.val)
    kind = type(given).__name__.removesuffix("I")
    if kind in LINKS:
        return writing.link(kind, given.parent.id.val, given.child.id.val)
    raise refusal("IUpdate", f"saving a {kind}")
