"""Workers start so that a Ctrl-C reaches the run alone."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import signal
from multiprocessing import forkserver, util
from cnmm_scanner.lanes import start_server

spawn, seen = util.spawnv_passfds, []

def watched(path, args, fds):
    if any("forkserver" in str(arg) for arg in args):
        seen.append(signal.getsignal(signal.SIGINT))
    return spawn(path, args, fds)

util.spawnv_passfds = watched
before = signal.getsignal(signal.SIGINT)
start_server()
assert seen == [signal.SIG_IGN], seen
assert signal.getsignal(signal.SIGINT) is before
forkserver._forkserver._stop()
"""


def test_the_fork_server_is_born_deaf_to_ctrl_c() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
