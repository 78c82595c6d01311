"""Team web: a monorepo of four components, a page that only a bot still changes, and an empty repository."""

from __future__ import annotations

from recipe.files import NODE_IMAGE, PYTHON_IMAGE, calls_shared, deployment
from recipe.model import Commit, Repository, in_order, modules, python_code, text, typescript_code

_FLUX = text(
    """
    apiVersion: kustomize.toolkit.fluxcd.io/v1
    kind: Kustomization
    metadata:
      name: search
    spec:
      interval: 10m
      path: ./services/search/k8s
      prune: true
      sourceRef:
        kind: GitRepository
        name: shop
    """
)
_OWNERS = text(
    """
    /packages/ui/ @acme/web
    /packages/widget/ @acme/web
    /services/search/ @acme/web @acme/data
    /services/catalogue/ @zcarrow
    """
)


def _package(name: str) -> str:
    return f'{{\n  "name": "@acme/{name}",\n  "version": "1.0.0"\n}}\n'


def _button(parts: int) -> dict[str, str | None]:
    return {"packages/ui/src/button.ts": typescript_code("Buttons.", parts)}


def _search(parts: int) -> dict[str, str | None]:
    return {"services/search/search.py": python_code("Finds products.", parts)}


def _catalogue(parts: int) -> dict[str, str | None]:
    return {"services/catalogue/catalogue.py": python_code("Lists products.", parts)}


_UI_README = "# Buttons\n\nButtons, fields and dialogues that every page uses.\n"
_SEARCH_README = "# Search\n\nFinds products by word, by price and by colour.\n"

_SHOP = (
    Commit(
        "2025-09-22",
        "zenobia",
        "Bring the shop into one repository",
        {
            "package.json": '{\n  "name": "shop",\n  "private": true,\n  "workspaces": ["packages/*"]\n}\n',
            "CONTRIBUTING.md": "# Contributing\n\nOne pull request for each package or service, please.\n",
            ".github/workflows/ci.yml": calls_shared(),
            ".github/CODEOWNERS": _OWNERS,
            "packages/ui/package.json": _package("ui"),
            "packages/widget/package.json": _package("widget"),
            "packages/widget/src/widget.ts": typescript_code("A cart in the corner.", 2),
            "services/search/Dockerfile": PYTHON_IMAGE,
            "services/search/k8s/deployment.yaml": deployment("search"),
            "services/search/k8s/sync.yaml": _FLUX,
            "services/catalogue/Dockerfile": PYTHON_IMAGE,
            **_button(1),
            **modules("services/search", "py", "colours filters prices words"),
            **_search(1),
            **_catalogue(1),
        },
    ),
    Commit("2025-10-06", "zenobia", "Describe the buttons", {"packages/ui/README.md": _UI_README}),
    Commit(
        "2025-12-08",
        "zenobia",
        "Finish the widget",
        {
            "packages/widget/src/widget.ts": typescript_code("A cart in the corner.", 3),
        },
    ),
    Commit("2026-01-12", "zenobia", "Describe the search", {"services/search/README.md": _SEARCH_README}),
    Commit("2026-03-03", "philippa", "List by colour", _catalogue(2)),
    Commit("2026-06-09", "zenobia", "Search by price", _search(2)),
    Commit("2026-08-18", "zenobia", "List by price", _catalogue(3)),
    Commit("2026-08-25", "philippa", "Search by colour", _search(3)),
    Commit("2026-09-15", "zenobia", "Round the buttons", _button(2)),
    Commit("2026-10-02", "zenobia", "Square the buttons again", _button(3)),
)


def _locked(version: int) -> dict[str, str | None]:
    lock = f'{{\n  "name": "status-page",\n  "dependencies": {{"react": "18.3.{version}"}}\n}}\n'
    return {"package.json": lock}


_BOT_DAYS = ("2026-04-06", "2026-05-18", "2026-06-22", "2026-07-20", "2026-08-17", "2026-09-21", "2026-10-26")
_STATUS = (
    Commit(
        "2025-09-05",
        "zenobia",
        "Start the status page",
        {
            "README.md": "# Status page\n\nTells customers whether the shop is open.\n",
            "Dockerfile": NODE_IMAGE,
            "src/status.ts": typescript_code("Open or closed.", 1),
            ".github/CODEOWNERS": "* @acme/web\n",
            **_locked(0),
        },
    ),
    Commit(
        "2026-03-20",
        "zenobia",
        "Say it in large letters",
        {"src/status.ts": typescript_code("Open or closed.", 2)},
    ),
    *(Commit(day, "renovate", "Update react", _locked(n)) for n, day in enumerate(_BOT_DAYS, 1)),
)

REPOSITORIES = (
    Repository("shop", "web", in_order(_SHOP)),
    Repository("status-page", "web", in_order(_STATUS)),
    Repository("sandbox-notes", "web", ()),
)
