"""The server side of OMERO's own protocol, as far as OMERO's Python clients and OMERO.web need it in tests.

People, groups, passwords and sessions are those of a sample OMERO's database.
"""
