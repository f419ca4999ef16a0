"""One module for each of OMERO's services."""
