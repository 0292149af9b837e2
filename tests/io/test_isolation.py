"""What a child may still do after it gave up everything, tried from inside one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecocomp.io import isolation

SRC = str(Path(isolation.__file__).parents[2])
TRY = """
import json, os, socket, sys
from ecocomp.io import isolation
job, secret, outside = sys.argv[1:]
isolation.limit_resources(256 << 20, 60, 1 << 20, 32)
said = {"network": isolation.cut_network()}
isolation.drop_privileges(os.getppid())
said["files"] = isolation.confine_files([sys.prefix, sys.base_prefix, job + "/in"], job + "/out")
def attempt(name, act):
    try:
        act(); said[name] = "done"
    except BaseException as exc:
        said[name] = type(exc).__name__
def connect():
    with socket.create_connection(("127.0.0.1", int(sys.argv[0] or 9)), 2): pass
attempt("write out", lambda: open(job + "/out/a", "w").write("x"))
attempt("read in", lambda: open(job + "/in/source").read())
attempt("write in", lambda: open(job + "/in/source", "w"))
attempt("read secret", lambda: open(secret).read())
attempt("write outside", lambda: open(outside + "/b", "w"))
attempt("link", lambda: os.symlink(secret, job + "/out/link"))
attempt("program", lambda: os.execv("/bin/true", ["true"]))
attempt("memory", lambda: bytearray(1 << 30))
attempt("large file", lambda: open(job + "/out/c", "wb", buffering=0).write(b"x" * (2 << 20)) == 2 << 20 or 1 / 0)
said["interfaces"] = len(socket.if_nameindex())
sys.stdout.write(json.dumps(said))
"""


@pytest.fixture
def said(tmp_path: Path) -> dict[str, object]:
    """Run the attempts in a process of their own and return what came of each."""
    for name in ("job/in", "job/out", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "job/in/source").write_text("data")
    (tmp_path / "secret").write_text("account numbers")
    env = {**os.environ, "PYTHONPATH": SRC}
    args = [str(tmp_path / n) for n in ("job", "secret", "elsewhere")]
    done = subprocess.run([sys.executable, "-c", TRY, *args], capture_output=True, env=env, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_limits_on_memory_and_file_size_hold(said: dict[str, object]) -> None:
    assert said["memory"] == "MemoryError"
    assert said["large file"] != "done"


def test_files_outside_the_job_are_out_of_reach(said: dict[str, object]) -> None:
    if not said["files"]:
        pytest.skip("this kernel has no Landlock")
    assert (said["write out"], said["read in"]) == ("done", "done")
    for act in ("write in", "read secret", "write outside", "link", "program"):
        assert said[act] == "PermissionError", act


def test_no_network_interface_that_is_up_remains(said: dict[str, object]) -> None:
    if not said["network"]:
        pytest.skip("namespaces are not allowed here")
    assert said["interfaces"] == 1
