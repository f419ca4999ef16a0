"""Writes as OMERO.server does: one event a call, made known to the triggers, with OMERO's log of changes."""

import omero

LINKS = {
    "ImageAnnotationLink": ("imageannotationlink", "image"),
    "DatasetAnnotationLink": ("datasetannotationlink", "dataset"),
    "ScreenAnnotationLink": ("screenannotationlink", "screen"),
}
CREATION = "permissions, version, creation_id, update_id, owner_id, group_id"


class Writing:
    """One transaction of one person in one group. Everything is refused together."""

    def __init__(self, run, rights, session, group):
        self._run = run
        self._rights = rights
        self._me = session.person.id
        self._group = group
        row = self._one("SELECT permissions FROM experimentergroup WHERE id = %s", group)
        self._permissions = row.permissions
        self._event = self._one(
            """INSERT INTO event (id, permissions, "time", experimenter, experimentergroup, session, type)
               SELECT ome_nextval('seq_event'), -820, now() AT TIME ZONE 'UTC', %s, %s, %s, id FROM eventtype WHERE value = 'User'
               RETURNING id""",
            *(self._me, group, session.id),
        ).id
        self._run("SELECT _prepare_session(%s, %s, %s)", self._event, self._me, group)

    def map_annotation(self, annotation):
        text = lambda value: None if value is None else value.val  # noqa: E731
        id = self._insert(
            "annotation",
            "discriminator, ns, name, description",
            *("/map/", text(annotation.ns), text(annotation.name), text(annotation.description)),
        )
        for index, pair in enumerate(annotation.getMapValue() or []):
            self._run("INSERT INTO annotation_mapvalue VALUES (%s, %s, %s, %s)", id, pair.name, pair.value, index)
        self._log("INSERT", "ome.model.annotations.MapAnnotation", id)
        return id

    def file_annotation(self, file):
        id = self._insert("annotation", "discriminator, file", "/type/OriginalFile/", file)
        self._log("INSERT", "ome.model.annotations.FileAnnotation", id)
        return id

    def original_file(self, name, path, mimetype):
        id = self._insert("originalfile", "name, path, mimetype", name, path, mimetype)
        self._log("INSERT", "ome.model.core.OriginalFile", id)
        return id

    def link(self, kind, parent, child):
        table, parents = LINKS[kind]
        # OMERO sees to it that both are in the group of the call.
        self._annotatable(parents, parent)
        row = self._one("SELECT group_id FROM annotation WHERE id = %s", child)
        if row is None or row.group_id != self._group:
            raise omero.SecurityViolation("", "", f"MapAnnotation:Id_{child} is not in group {self._group}")
        id = self._insert(table, "parent, child", parent, child)
        self._log("INSERT", f"ome.model.annotations.{kind}", id)
        return id

    def unlink(self, kind, id):
        row = self._one(f"SELECT owner_id, group_id FROM {LINKS[kind][0]} WHERE id = %s", id)
        if row is None:
            return
        if not self._rights.may_change(row.owner_id, row.group_id):
            raise omero.SecurityViolation("", "", f"not permitted to delete {kind}[{id}]")
        self._run(f"DELETE FROM {LINKS[kind][0]} WHERE id = %s", id)
        self._log("DELETE", f"ome.model.annotations.{kind}", id)

    def _annotatable(self, table, id):
        row = self._one(f"SELECT owner_id, group_id FROM {table} WHERE id = %s", id)
        if row is None or row.group_id != self._group:
            raise omero.SecurityViolation("", "", f"{table} {id} is not in group {self._group}")
        if not self._rights.may_annotate(row.owner_id, row.group_id):
            raise omero.SecurityViolation("", "", f"may not annotate {table} {id} of another user in group {self._group}")

    def _insert(self, table, columns, *values):
        sequence = f"seq_{table}"
        marks = ", ".join(["%s"] * len(values))
        return self._one(
            f"""INSERT INTO {table} (id, {CREATION}, {columns})
                VALUES (ome_nextval(%s), %s, 0, %s, %s, %s, %s, {marks}) RETURNING id""",
            *(sequence, self._permissions, self._event, self._event, self._me, self._group, *values),
        ).id

    def _log(self, action, kind, id):
        self._run(
            """INSERT INTO eventlog (id, permissions, action, entitytype, entityid, event)
               VALUES (ome_nextval('seq_eventlog'), -35, %s, %s, %s, %s)""",
            *(action, kind, id, self._event),
        )

    def _one(self, sql, *values):
        rows = self._run(sql, *values)
        return rows[0] if rows else None
