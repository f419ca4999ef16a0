"""Makes a Python environment with OMERO's client library and OMERO.web, once for each set of versions, and prints the
path of its Python: environment.py FOLDER. Two processes that do it at once wait for each other.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ICE = "3.6.5"
PACKAGES = [f"zeroc-ice=={ICE}", "omero-py==5.23.0", "omero-web==5.33.2", "psycopg[binary]==3.2.13"]
TOOLS = ["setuptools==80.9.0", "wheel==0.45.1"]
BUILD_ICE = Path(__file__).resolve().parents[5] / "deploy" / "image" / "build_ice.py"


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit("\n".join([" ".join(map(str, command)), *done.stdout.splitlines()[-12:]]))


def ice_wheel(python, cache):
    """Compiling takes minutes, so the wheel outlives a change of the other versions."""
    folder = cache / f"ice-{ICE}-python-{sys.version_info[0]}.{sys.version_info[1]}"
    if not list(folder.glob("*.whl")):
        with tempfile.TemporaryDirectory(dir=cache) as place:
            run(python, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
                "-d", place, f"zeroc-ice=={ICE}")  # fmt: skip
            built = Path(place, "built")
            run(python, BUILD_ICE, next(Path(place).glob("*.tar.gz")), built)
            built.rename(folder)
    return folder


def make(place, cache):
    shutil.rmtree(place, ignore_errors=True)
    run(sys.executable, "-m", "venv", place)
    python = place / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(*pip, *TOOLS)
    run(*pip, "--find-links", ice_wheel(python, cache), *PACKAGES)
    run(python, "-c", "import Ice, omero.gateway, psycopg, omeroweb")


def main(cache):
    if sys.version_info < (3, 10):
        raise SystemExit(f"Python {sys.version.split()[0]} is too old; 3.10 or newer is needed")
    cache.mkdir(parents=True, exist_ok=True)
    versions = [sys.version.split()[0], sys.executable, *PACKAGES, *TOOLS]
    place = cache / f"omero-python-{hashlib.sha256(repr(versions).encode()).hexdigest()[:12]}"
    with open(f"{place}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = place / "complete"
        if not complete.exists():
            make(place, cache)
            complete.touch()
    print(place / "bin" / "python")


if __name__ == "__main__":
    os.umask(0o022)
    main(Path(sys.argv[1]))
