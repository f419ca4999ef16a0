"""The HQL that scripts and clients send, as SQL. HQL is text: what is not here is refused by the whole statement.

`{x}` stands for the condition that the person sees the rows of the table that has this alias.
"""

import re

_ROWS = {
    "select p.value from AdminPrivilege p": "SELECT unnest(%(privileges)s::text[])",
    "select l.child.id from DatasetImageLink l where l.parent.id = :id and l.child.id > :after "
    "group by l.child.id order by l.child.id": "SELECT l.child FROM datasetimagelink l JOIN image i ON i.id = l.child "
    "WHERE l.parent = %(id)s AND l.child > %(after)s AND {l} AND {i} GROUP BY l.child ORDER BY l.child",
    "select l.child.id from DatasetImageLink l, ProjectDatasetLink p where p.child.id = l.parent.id and p.parent.id = :id "
    "and l.child.id > :after group by l.child.id order by l.child.id": "SELECT l.child FROM datasetimagelink l "
    "JOIN projectdatasetlink p ON p.child = l.parent JOIN image i ON i.id = l.child "
    "WHERE p.parent = %(id)s AND l.child > %(after)s AND {l} AND {p} AND {i} GROUP BY l.child ORDER BY l.child",
    "select s.image.id from WellSample s, ScreenPlateLink p where p.child.id = s.well.plate.id and p.parent.id = :id "
    "and s.image.id > :after group by s.image.id order by s.image.id": "SELECT s.image FROM wellsample s "
    "JOIN well w ON w.id = s.well JOIN screenplatelink p ON p.child = w.plate "
    "WHERE p.parent = %(id)s AND s.image > %(after)s AND {s} AND {p} GROUP BY s.image ORDER BY s.image",
    "select s.image.id from WellSample s where s.well.plate.id = :id and s.image.id > :after "
    "group by s.image.id order by s.image.id": "SELECT s.image FROM wellsample s JOIN well w ON w.id = s.well "
    "WHERE w.plate = %(id)s AND s.image > %(after)s AND {s} GROUP BY s.image ORDER BY s.image",
    "select s.image.id from WellSample s where s.well.id = :id and s.image.id > :after "
    "group by s.image.id order by s.image.id": "SELECT s.image FROM wellsample s "
    "WHERE s.well = %(id)s AND s.image > %(after)s AND {s} GROUP BY s.image ORDER BY s.image",
    "select l.parent.id, a.name, l.id, a.id, l.details.owner.id from ImageAnnotationLink l, MapAnnotation a "
    "where l.child.id = a.id and a.ns = :ns and a.name in (:names) and l.parent.id in (:ids) order by l.id": "SELECT l.parent, "
    "a.name, l.id, a.id, l.owner_id FROM imageannotationlink l JOIN annotation a ON a.id = l.child AND a.discriminator = '/map/' "
    "WHERE a.ns = %(ns)s AND a.name = ANY (%(names)s) AND l.parent = ANY (%(ids)s) AND {l} AND {a} ORDER BY l.id",
    "select a.id, v.name, v.value from MapAnnotation a join a.mapValue as v where a.id in (:ids)": "SELECT a.id, v.name, v.value "
    "FROM annotation a JOIN annotation_mapvalue v ON v.annotation_id = a.id WHERE a.id = ANY (%(ids)s) AND {a} ORDER BY a.id, v.index",
    "select count(i.id) from Image i where i.fileset.id in (:ids)": "SELECT count(i.id) FROM image i "
    "WHERE i.fileset = ANY (%(ids)s) AND {i}",
    "select sum(f.size) from FilesetEntry e join e.originalFile f where e.fileset.id in (:ids)": "SELECT sum(f.size) "
    "FROM filesetentry e JOIN originalfile f ON f.id = e.originalfile WHERE e.fileset = ANY (%(ids)s) AND {e} AND {f}",
}

_ORDERS = (
    "select a.id from {kind}AnnotationLink l, MapAnnotation a where l.child.id = a.id and a.ns = :ns and a.name = :name "
    "and l.parent.id = :id and l.details.owner.id = :owner order by a.id",
    "SELECT a.id FROM {table}annotationlink l JOIN annotation a ON a.id = l.child AND a.discriminator = '/map/' "
    "WHERE a.ns = %(ns)s AND a.name = %(name)s AND l.parent = %(id)s AND l.owner_id = %(owner)s AND {{l}} AND {{a}} ORDER BY a.id",
)
for _kind in ("Dataset", "Screen"):
    _ROWS[_ORDERS[0].format(kind=_kind)] = _ORDERS[1].format(table=_kind.lower())

_OBJECTS = {
    "select i from Image i where i.id in (:ids) order by i.id": (
        "Image",
        "SELECT i.id, i.name, i.fileset, i.owner_id, i.group_id FROM image i WHERE i.id = ANY (%(ids)s) AND {i} ORDER BY i.id",
    ),
    "select d from Dataset d where d.id in (:ids) order by d.id": (
        "Dataset",
        "SELECT d.id, d.name, d.owner_id, d.group_id FROM dataset d WHERE d.id = ANY (%(ids)s) AND {d} ORDER BY d.id",
    ),
    "select s from Screen s where s.id in (:ids) order by s.id": (
        "Screen",
        "SELECT s.id, s.name, s.owner_id, s.group_id FROM screen s WHERE s.id = ANY (%(ids)s) AND {s} ORDER BY s.id",
    ),
}


def rows(statement):
    return _ROWS.get(_plain(statement))


def objects(statement):
    """The class of the objects, and the SQL; None for an unknown statement."""
    return _OBJECTS.get(_plain(statement))


def with_rights(sql, rights):
    return re.sub(r"\{(\w+)\}", lambda match: rights.visible(match.group(1)), sql)


def _plain(statement):
    return " ".join(statement.split())
