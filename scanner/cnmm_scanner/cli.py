"""The command line: a table of commands, and the one place where exceptions become exit statuses."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import click

from cnmm_scanner.cycles import search_rarely
from cnmm_scanner.faults import Fault
from cnmm_scanner.lazy import Entry, LazyGroup
from cnmm_scanner.outlet import open_outlets
from cnmm_scanner.speech import say

USAGE, INTERNAL, INTERRUPTED = 2, 4, 130

_ROOMS = (
    ("cnmm_rules.catalogue.positions", "CatalogueError"),
    ("cnmm_collectors.registry", "RegistryError"),
)
"""The other rooms' exceptions for the operator; a room that is not loaded cannot have raised one."""

_COMMANDS = "cnmm_scanner.commands"
ENTRIES = {
    "scan": Entry(f"{_COMMANDS}.scan:scan", "Read targets, judge them, write the report and the bundle."),
    "collect": Entry(f"{_COMMANDS}.scan:collect", "Read targets into a bundle, without judging."),
    "assess": Entry(f"{_COMMANDS}.bundles:assess", "Judge a bundle, perhaps with an auditor's decisions."),
    "report": Entry(f"{_COMMANDS}.bundles:report", "Write the reports of a bundle again."),
    "verify": Entry(f"{_COMMANDS}.bundles:verify", "Check a bundle: seals, signature, the same conclusions."),
    "diff": Entry(f"{_COMMANDS}.history:diff", "Say what changed: reality, rules or visibility."),
    "trend": Entry(f"{_COMMANDS}.history:trend", "Say how levels moved from scan to scan."),
    "history": Entry(f"{_COMMANDS}.history:history", "List, add to or prune what is kept of scans."),
    "sample": Entry(f"{_COMMANDS}.audit:sample", "Draw findings to check, with a workpaper for each."),
    "recheck": Entry(f"{_COMMANDS}.audit:recheck", "Fetch cited evidence again with your own access."),
    "export": Entry(f"{_COMMANDS}.audit:export", "Write an assessment for outsiders, without any name."),
    "serve": Entry(f"{_COMMANDS}.serve:serve", "Show reports and history in a browser, read-only."),
    "attest": Entry(f"{_COMMANDS}.statements:attest", "Write or list statements; --interview asks for them."),
    "artefact": Entry(f"{_COMMANDS}.statements:artefact", "Say of a document which record it is."),
    "complete": Entry(f"{_COMMANDS}.statements:complete", "Sign that a list of records is all there are."),
    "waive": Entry(f"{_COMMANDS}.statements:waive", "Write down an accepted risk; never a pass."),
    "adjudicate": Entry(f"{_COMMANDS}.statements:adjudicate", "Write down an auditor's decision on a row."),
    "explain": Entry(
        f"{_COMMANDS}.catalogue:explain", "Say what a criterion or signal asks, and what was seen."
    ),
    "rules": Entry(f"{_COMMANDS}.catalogue:rules", "List, check or document the catalogue."),
    "schema": Entry(f"{_COMMANDS}.catalogue:schema", "Print the JSON Schema of a file format."),
    "init": Entry(f"{_COMMANDS}.setup:init", "Propose settings from what is in sight."),
    "mapping": Entry(f"{_COMMANDS}.setup:mapping", "Print how an export's columns are read, to fill in."),
    "doctor": Entry(f"{_COMMANDS}.doctor:doctor", "Say what a scan of the targets could decide, and needs."),
    "keys": Entry(f"{_COMMANDS}.upkeep:keys", "Make keys for signing bundles."),
    "clean": Entry(f"{_COMMANDS}.upkeep:clean", "Remove what an unfinished scan left behind."),
}


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"cnmm {version('cnmm')}")
        ctx.exit()


@click.group(cls=LazyGroup, entries=ENTRIES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version.",
)
def cnmm() -> None:
    """Say which level of the People dimension of the Cloud Native Maturity Model the evidence proves.

    \b
    Exit status: 0 done, 1 a gate is not met or a bundle is altered, 2 usage or configuration,
    3 incomplete under --strict, 4 internal error, 130 interrupted.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with the exit status of the contract."""
    search_rarely()
    open_outlets()
    status = run(arguments)
    if status == INTERRUPTED:
        # Python would wait for workers that were stopped in the middle of an answer.
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status, every fault one line on standard error."""
    try:
        result: Any = cnmm.main(arguments, prog_name="cnmm", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show(sys.stderr)
        return USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "cnmm"
        return _say(f"{error.format_message()} ({path} --help)", USAGE)
    except click.ClickException as error:
        return _say(error.format_message(), USAGE)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", INTERRUPTED)
    except Fault as error:
        return _say(str(error), error.status)
    except Exception as error:  # noqa: BLE001 - Python's own status for these is 1, which here means a gate
        return _say(str(error), USAGE) if _is_rooms(error) else _say(_internal(error), INTERNAL)


def _is_rooms(error: Exception) -> bool:
    kinds = [getattr(sys.modules.get(module), name, None) for module, name in _ROOMS]
    return any(kind is not None and isinstance(error, kind) for kind in kinds)


def _internal(error: Exception) -> str:
    """Name the kind and place of a fault in the program; its message may hold what must not be shown."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = "/".join(last.filename.split("/")[-2:])
    return f"internal error: {type(error).__name__} at {where}:{last.lineno}, please report it"


def _say(message: str, status: int) -> int:
    say(message)
    return status
