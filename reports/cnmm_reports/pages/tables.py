"""Tables and links for what is compared or marked; every cell is made inert."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from cnmm_reports.inert import line

CELL = 300


def table(caption: str, heads: Sequence[str], rows: Markup, kind: str = "") -> Markup:
    """Return a table that scrolls sideways by itself, nothing where it has no rows."""
    if not rows:
        return Markup("")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(cell(head)) for head in heads)
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{c}, scrolls sideways">'
        '<table class="{k}"><caption>{c}</caption><thead><tr>{h}</tr></thead><tbody>{r}</tbody></table></div>'
    ).format(c=caption, h=head, r=rows, k=kind)


def row(first: object, *cells: object) -> Markup:
    """Return one row with its head; markup of ours stays, everything else becomes text."""
    rest = Markup("").join(Markup("<td>{}</td>").format(cell(one)) for one in cells)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(cell(first), rest)


def cell(content: object) -> Markup | str:
    """Return markup of ours as it is, any other text inert on one line."""
    return content if isinstance(content, Markup) else line(content, CELL)


def criterion(name: str, title: Callable[[str], str]) -> Markup:
    """Return a link to a row by its statement, its id beneath."""
    words = title(name)
    beneath = Markup('<br><code class="aside">{}</code>').format(cell(name)) if words != name else ""
    return Markup('<a href="#{}">{}</a>{}').format(cell(name), cell(words), beneath)


def listed(kind: str, items: Iterable[object]) -> Markup:
    """Return texts as a list, nothing where there are none."""
    points = Markup("").join(Markup("<li>{}</li>").format(cell(item)) for item in items)
    return Markup('<ul class="{}">{}</ul>').format(kind, points) if points else points
