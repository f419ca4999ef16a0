"""Prints one line for each bag: nothing, or why bagit-python refuses it."""

import logging
import sys

import bagit

logging.disable(logging.CRITICAL)
for directory in sys.argv[1:]:
    try:
        bagit.Bag(directory).validate()
        print()
    except Exception as error:  # whatever it says of a bag is its verdict
        print(" ".join(f"{type(error).__name__}: {error}".encode("ascii", "backslashreplace").decode().split()))
