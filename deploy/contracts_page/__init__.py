"""The contracts as one HTML file, to be read in a browser without a network: `docs/contracts.html`.

Made from the AsyncAPI document, so that it shows what that says. It holds no script, and asks for nothing
beyond itself.
"""

import json
import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.contracts.asyncapi import document
from shared.contracts.topics import SERVICES

_CODE = re.compile(r"`([^`]+)`")
_EMPHASIS = re.compile(r"\*([a-z]+)\*")


def page() -> str:
    """The whole file; raises jinja2's UndefinedError where the document lacks what the page shows."""
    environment = Environment(
        loader=PackageLoader(__name__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": _prose, "as_json": _as_json, "last": _last}
    template = environment.get_template("page.html.jinja")
    return template.render(document=document(), services=set(SERVICES))


def _prose(text: str) -> Markup:
    """Paragraphs and lists of a description, with its words in backquotes as code."""
    blocks = (block.strip() for block in text.split("\n\n"))
    return Markup("\n").join(_block(block) for block in blocks if block)


def _block(text: str) -> Markup:
    if text.startswith("- "):
        items = (_marked(item) for item in re.split(r"\n?^- ", text, flags=re.MULTILINE) if item)
        return Markup("<ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(one) for one in items)
        )
    return Markup("<p>{}</p>").format(_marked(text))


def _marked(text: str) -> Markup:
    code = _CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(_EMPHASIS.sub(r"<em>\1</em>", code))  # noqa: S704 (escaped above)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _last(reference: str) -> str:
    """What a reference leads to, by name."""
    return reference.rpartition("/")[2]
