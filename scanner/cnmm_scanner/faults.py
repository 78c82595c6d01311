"""What the operator must fix, said in one line: the base of every exception this room raises."""

from __future__ import annotations

from typing import ClassVar

ROOM = "make room there, then go on with --resume"
"""What to do where a file could not be written to its end; what was finished until then is in the journal."""


class Fault(Exception):
    """Something the operator must fix; `status` is the exit status it leads to.

    The message is one line without persons or secrets; `hint` says what to do about it.
    """

    status: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text} ({self.hint})" if self.hint else text
