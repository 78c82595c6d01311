"""From a bundle to its assessment: a function of the bundle alone."""

from __future__ import annotations

import gc

from cnmm_collectors.signals import SignalError
from cnmm_rules.engine import assess
from cnmm_scanner.bundle import Bundle, BundleFault
from cnmm_scanner.canonical import document


def derive(bundle: Bundle) -> bytes:
    """Return the bundle's assessment as canonical JSON, the same bytes on any machine; raises Fault."""
    facts, catalogue = bundle.facts(), bundle.catalogue()
    # Millions of records without cycles come to stay: looking for cycles among them is a tenth of the time.
    gc.disable()
    try:
        return document(assess(facts, catalogue).to_json())
    except (KeyError, SignalError) as error:
        raise BundleFault(f"{bundle.path}: a signal is used that the bundle does not declare") from error
    finally:
        gc.enable()
