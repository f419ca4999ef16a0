"""Copies a tree the way scripts commonly do: three checksums while copying, and again on the copy."""
import hashlib
import os
import sys
import zlib

BLOCK = 65536


def checksums(path, copy_to=None):
    md5, sha256, adler = hashlib.md5(), hashlib.sha256(), 1
    out = open(copy_to, "wb") if copy_to else None
    with open(path, "rb") as source:
        while block := source.read(BLOCK):
            md5.update(block)
            sha256.update(block)
            adler = zlib.adler32(block, adler)
            if out:
                out.write(block)
    if out:
        out.flush()
        os.fsync(out.fileno())
        out.close()
    return md5.hexdigest(), sha256.hexdigest(), adler


source_root, target_root, phase = sys.argv[1:4]
for folder, _, names in os.walk(source_root):
    target = os.path.join(target_root, os.path.relpath(folder, source_root))
    os.makedirs(target, exist_ok=True)
    for name in names:
        source, copy = os.path.join(folder, name), os.path.join(target, name)
        if phase == "copy":
            with open(copy + ".sums", "w") as sums:
                sums.write(repr(checksums(source, copy)))
        elif name.endswith(".sums"):
            continue
        else:
            with open(copy + ".sums") as sums:
                if sums.read() != repr(checksums(copy)):
                    sys.exit("copy differs: " + copy)
