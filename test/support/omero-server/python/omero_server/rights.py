"""OMERO's rules of who may see, annotate and delete, by the permissions of the group (OMERO's documentation of server
permissions; the cells are those of docs/omero-scripts.md)."""

GROUP_READ, GROUP_ANNOTATE, GROUP_WRITE = 0x40, 0x10, 0x20


class Rights:
    """Of one person, from the database as it is now."""

    def __init__(self, database, person):
        self.person = person
        self._groups = {row.id: row.permissions for row in database.all("SELECT id, permissions FROM experimentergroup")}
        self._members = {each.id for each in person.memberships}
        self._led = {each.id for each in person.memberships if each.owner}

    @property
    def _reads_all(self):
        return self.person.is_administrator

    @property
    def _writes_all(self):
        return self.person.is_administrator and "WriteOwned" not in self.person.withheld

    def may_work_in(self, group):
        return group in self._groups and (self._reads_all or group in self._members)

    def may_see(self, owner, group):
        if self._reads_all or owner == self.person.id or group in self._led:
            return True
        return group in self._members and self._grants(group, GROUP_READ)

    def may_annotate(self, owner, group):
        """In a private group, nobody's data is annotated but one's own: neither by leaders nor by administrators."""
        if owner == self.person.id:
            return True
        if not self._grants(group, GROUP_READ):
            return False
        if self._writes_all or group in self._led:
            return True
        return group in self._members and (self._grants(group, GROUP_ANNOTATE) or self._grants(group, GROUP_WRITE))

    def may_change(self, owner, group):
        """To edit, to delete, or to add images to."""
        if owner == self.person.id or self._writes_all or group in self._led:
            return True
        return group in self._members and self._grants(group, GROUP_WRITE)

    def visible(self, alias):
        """What `may_see` says of the rows of a table, as SQL."""
        if self._reads_all:
            return "true"
        readable = [each for each in self._members if self._grants(each, GROUP_READ)]
        return (
            f"({alias}.owner_id = {self.person.id} AND {alias}.group_id = ANY ('{_array(self._members)}')"
            f" OR {alias}.group_id = ANY ('{_array({*readable, *self._led})}'))"
        )

    def _grants(self, group, bit):
        return bool(self._groups.get(group, 0) & bit)


def _array(ids):
    return "{" + ",".join(str(each) for each in sorted(ids)) + "}"
