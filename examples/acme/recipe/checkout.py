"""Team checkout: two services, one pipeline copied from the other, ownership with errors or none."""

from __future__ import annotations

from recipe.files import COPIED_PIPELINE, GO_IMAGE, MAKEFILE, NODE_IMAGE, deployment
from recipe.model import Commit, Repository, go_code, in_order, modules, text, typescript_code

_WEB_DAYS = (
    ("2025-11-18", "ysolde"),
    ("2025-12-09", "ysolde"),
    ("2026-01-20", "evander"),
    ("2026-02-17", "ysolde"),
    ("2026-03-17", "ysolde"),
    ("2026-04-14", "evander"),
    ("2026-05-19", "ysolde"),
    ("2026-06-16", "evander"),
    ("2026-07-14", "ysolde"),
    ("2026-09-10", "evander"),
)

_WEB = (
    Commit(
        "2025-09-15",
        "ysolde",
        "Start the checkout pages",
        {
            "README.md": "# Checkout pages\n\nEverything a customer sees between cart and receipt.\n",
            "Dockerfile": NODE_IMAGE,
            "Makefile": MAKEFILE,
            "package.json": '{\n  "name": "checkout-web",\n  "dependencies": {"react": "18.3.1"}\n}\n',
            "src/main.ts": typescript_code("Starts the pages.", 1),
            **modules("src", "ts", "address basket payment receipt"),
            "k8s/deployment.yaml": deployment("checkout-web"),
            ".github/workflows/ci.yml": COPIED_PIPELINE,
        },
    ),
    *(
        Commit(day, who, "Show one more step", {"src/main.ts": typescript_code("Starts the pages.", n)})
        for n, (day, who) in enumerate(_WEB_DAYS, 2)
    ),
)

# GitHub skips three of these five lines: an owner without @, a section, and a negation.
_OWNERS_WITH_ERRORS = text(
    """
    /cart/ @acme/checkout
    /.github/ @acme/checkout
    /k8s/ acme-platform
    [Checkout] @acme/checkout
    !/README.md @acme/checkout
    """
)
_CART_DAYS = (
    "2025-11-19",
    "2025-12-10",
    "2026-01-21",
    "2026-02-18",
    "2026-03-18",
    "2026-04-15",
    "2026-05-20",
    "2026-06-17",
    "2026-07-15",
    "2026-08-19",
    "2026-09-16",
    "2026-10-01",
)
_PAIRED = frozenset({"2026-03-18", "2026-06-17", "2026-10-01"})

_CART = (
    Commit(
        "2025-09-15",
        "evander",
        "Start the cart",
        {
            "README.md": "# Cart\n\nRemembers what a customer wants to buy, and what it costs.\n",
            "Dockerfile": GO_IMAGE,
            "Makefile": MAKEFILE,
            "go.mod": "module git.acme.example/acme/checkout-cart\n\ngo 1.23\n",
            "main.go": "package main\n\nfunc main() {}\n",
            "cart/cart.go": go_code("cart", 1),
            "cart/total.go": go_code("cart", 2),
            "k8s/deployment.yaml": deployment("checkout-cart"),
            ".github/workflows/ci.yml": COPIED_PIPELINE,
            ".github/CODEOWNERS": _OWNERS_WITH_ERRORS,
        },
    ),
    *(
        Commit(
            day,
            "evander",
            "Count one more discount",
            {"cart/cart.go": go_code("cart", n)},
            together_with="ysolde" if day in _PAIRED else "",
        )
        for n, day in enumerate(_CART_DAYS, 3)
    ),
)

REPOSITORIES = (
    Repository("checkout-web", "checkout", in_order(_WEB)),
    Repository("checkout-cart", "checkout", in_order(_CART)),
)
