"""What States are called by those who read of them."""

import re

import pycountry

from domain.views.sentences import Translate
from domain.words.text import mark

CALLED = {"KG": mark("Kyrgyzstan"), "MD": mark("Moldova"), "GB": mark("United Kingdom"), "US": mark("United States")}
"""States that the tables call otherwise than their own papers do."""
TURNED = re.compile("(.+), (.+ of(?: the)?)")
"""As tables sort names of States: "Iran, Islamic Republic of"."""


def state_called(code: str, translate: Translate) -> str:
    """What a State is called; one that the tables do not have, by its code."""
    known = pycountry.countries.get(alpha_2=code)
    called = translate(CALLED.get(code) or (str(known.name) if known is not None else code))
    turned = TURNED.fullmatch(called)
    return f"{turned[2].removeprefix('The ')} {turned[1]}" if turned else called
