"""Builds a wheel of ZeroC Ice 3.6, the transport of OMERO's clients: build_ice.py ARCHIVE FOLDER.

PyPI has it as source only. It was written for Python up to 3.10: two places are adapted here. Its own setup compiles
222 files one after another, which takes a quarter of an hour, most of it for the same headers again and again. Here
the files of a folder are compiled together where their names allow it, without optimisation, on all processors.
"""

import multiprocessing
import os
import re
import runpy
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import setuptools  # noqa: F401 (provides distutils from Python 3.12 on)
from distutils import ccompiler

TOGETHER = 20
# Several files of a folder give these names to things of their own, or make two meanings of a name visible.
ALONE = re.compile(
    r"""^class Init$|^using namespace (IceUtil|Ice::Instrumentation);|globalMutex|lookupKwd|_mainThreadId|traceCategory =|= "flushBatchRequests";""",
    re.MULTILINE,
)


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return next(Path(folder).iterdir())


def adapt(source):
    """The frame of a thread became private, and eval.h was merged into Python.h, in Python 3.11."""
    for name, before, after in [
        ("src/Util.cpp", "PyThreadState_GET()->frame", "PyEval_GetFrame()"),
        ("src/Slice.cpp", "#include <eval.h>", ""),
    ]:
        file = source / name
        text = file.read_text()
        if before not in text:
            raise SystemExit(f"{name} does not contain: {before}")
        file.write_text(text.replace(before, after))


def put_together(sources):
    """Writes files that include those which can be compiled together. Returns what is to be compiled."""

    def is_alone(name):
        return not name.endswith(".cpp") or ALONE.search(Path(name).read_text("utf-8", "replace")) is not None

    compiled = [name for name in sources if is_alone(name)]
    others = sorted(set(sources) - set(compiled), key=lambda name: (os.path.dirname(name), name))
    for folder, files in groupby(others, os.path.dirname):
        names = list(files)
        for start in range(0, len(names), TOGETHER):
            together = Path(folder, f"together-{start}.cpp")
            together.write_text("".join(f'#include "{os.path.basename(it)}"\n' for it in names[start : start + TOGETHER]))
            compiled.append(str(together))
    return compiled


def compile_in_parallel(
    self, sources, output_dir=None, macros=None, include_dirs=None, debug=False, extra_preargs=None, extra_postargs=None, depends=None
):
    """As CCompiler.compile, whose arguments it has."""
    macros, objects, after, options, build = self._setup_compile(
        output_dir, macros, include_dirs, put_together(sources), depends, extra_postargs
    )
    arguments = self._get_cc_args(options, debug, extra_preargs)

    def one(item):
        target, (source, extension) = item
        self._compile(target, source, extension, arguments, after, options)

    with ThreadPoolExecutor(multiprocessing.cpu_count()) as pool:
        list(pool.map(one, build.items()))
    return objects


def main(archive, folder):
    archive, folder = os.path.abspath(archive), os.path.abspath(folder)
    with tempfile.TemporaryDirectory() as place:
        source = unpack(archive, place)
        adapt(source)
        os.chdir(source)
        # Ice's speed does not matter here, the time to compile it does.
        os.environ["CFLAGS"] = os.environ["CXXFLAGS"] = "-O0 -g0 -w"
        ccompiler.CCompiler.compile = compile_in_parallel
        sys.path.insert(0, str(source))
        sys.argv = ["setup.py", "-q", "bdist_wheel", "--dist-dir", folder]
        runpy.run_path("setup.py", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
