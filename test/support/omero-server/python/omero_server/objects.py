"""Rows of the sample OMERO as the objects that clients get."""

import omero.model
from omero.model import ExperimenterGroupI, ExperimenterI, FilesetI, OriginalFileI, PermissionsI
from omero.rtypes import rlong, rstring

# The order in which OMERO sends what it does not let a person do.
LINK, EDIT, DELETE, ANNOTATE = range(4)


def as_object(kind, row, rights):
    made = getattr(omero.model, f"{kind}I")(row.id, True)
    made.name = rstring(row.name)
    made.details.owner = ExperimenterI(row.owner_id, False)
    made.details.group = ExperimenterGroupI(row.group_id, False)
    made.details.permissions = permissions(rights, row.owner_id, row.group_id)
    if getattr(row, "fileset", None) is not None:
        made.fileset = FilesetI(row.fileset, False)
    return made


def permissions(rights, owner, group):
    restrictions = [False] * 4
    restrictions[ANNOTATE] = not rights.may_annotate(owner, group)
    restrictions[LINK] = restrictions[EDIT] = restrictions[DELETE] = not rights.may_change(owner, group)
    made = PermissionsI()
    made._restrictions = restrictions
    return made


def original_file(row):
    made = OriginalFileI(row.id, True)
    made.name, made.path = rstring(row.name), rstring(row.path)
    made.mimetype = rstring(row.mimetype)
    made.size = None if row.size is None else rlong(row.size)
    made.details.owner = ExperimenterI(row.owner_id, False)
    made.details.group = ExperimenterGroupI(row.group_id, False)
    return made
