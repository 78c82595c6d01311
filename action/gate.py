"""The last step: everything is uploaded, now the job takes the scan's exit status."""

from __future__ import annotations

from runner import say_error, text_input

WORDS = {
    "gate": "a gate is not met; the log of the scan says which",
    "usage": "the inputs or the settings cannot be used; the log of the scan says why",
    "incomplete": "something could not be read, and strict is set",
    "internal": "internal error; please report it with the last line of the scan's log",
    "interrupted": "interrupted",
    "refused": "refused: this public repository would have shown more than itself",
    "withheld": "withheld: this public repository would have shown more than itself",
}


def gate() -> int:
    """Return the exit status of the scan, and say why it is not 0."""
    status, reason = text_input("STATUS"), text_input("EXIT_REASON")
    if status == "0":
        return 0
    say_error("cnmm", WORDS.get(reason, "the scan did not finish"))
    return int(status) if status.isdecimal() else 4
