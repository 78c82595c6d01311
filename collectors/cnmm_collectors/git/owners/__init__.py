"""Who owns which path, as CODEOWNERS and OWNERS files say; pure functions, no input or output."""

from __future__ import annotations

from cnmm_collectors.git.owners.coverage import Chooser, OwnerCoverage, applying_rules, measure_coverage
from cnmm_collectors.git.owners.github import parse_github
from cnmm_collectors.git.owners.gitlab import parse_gitlab
from cnmm_collectors.git.owners.kubernetes import (
    OwnersDirectory,
    OwnersTree,
    parse_aliases,
    parse_owners,
    parse_tree,
)
from cnmm_collectors.git.owners.lookup import choose_dialect, locate
from cnmm_collectors.git.owners.model import (
    Dialect,
    Owner,
    OwnerKind,
    OwnersError,
    OwnersFile,
    Rule,
)
from cnmm_collectors.git.owners.patterns import Glob, PatternIndex, compile_pattern

__all__ = [
    "Chooser",
    "Dialect",
    "Glob",
    "Owner",
    "OwnerCoverage",
    "OwnerKind",
    "OwnersDirectory",
    "OwnersError",
    "OwnersFile",
    "OwnersTree",
    "PatternIndex",
    "Rule",
    "applying_rules",
    "choose_dialect",
    "compile_pattern",
    "locate",
    "measure_coverage",
    "parse_aliases",
    "parse_github",
    "parse_gitlab",
    "parse_owners",
    "parse_tree",
]
