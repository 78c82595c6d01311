"""Whether a component is in the measured population, and what stands in for a figure where it is not."""

from __future__ import annotations

from dataclasses import dataclass

from cnmm_collectors.git.model import OUT_OF_USE, Cite, Component
from cnmm_collectors.signals import Absent, Gap, Reading, Unknown


@dataclass(frozen=True, slots=True)
class Standing:
    """Judges components; `gap` and `detail` say why history is not readable, None and empty where it is."""

    cite: Cite
    gap: Gap | None
    detail: str

    def outside(self, component: Component) -> Reading | None:
        """Return Absent for what is not in use, Unknown where nobody can tell, None for what is in use."""
        if component.lifecycle.lower() in OUT_OF_USE:
            return self.absent(f"components in use: this one is {component.lifecycle}")
        if component.active is None and self.gap is not None:
            return self.unread()
        if component.active is None:
            return Unknown(
                Gap.MALFORMED, "whether the component is active is not known: commits carry impossible dates"
            )
        if not component.active:
            return self.absent("components in use: no human change in the activity window")
        return None

    def undated(self, component: Component) -> Reading | None:
        """Return what stands in for a figure over the history: as `outside`, and Unknown without history."""
        return self.outside(component) or (self.unread() if self.gap is not None else None)

    def unread(self) -> Unknown:
        """Return the unknown of a figure over a history that cannot be read."""
        return Unknown(self.gap or Gap.NOT_COLLECTED, self.detail)

    def absent(self, what: str) -> Absent:
        """Return an absence proven by tree and history; `what` says what was looked for."""
        return Absent((self.cite.history(what, b""),))
