"""What a text must look like, in words: nobody who types one reads a regular expression."""

from collections.abc import Mapping
from typing import Final

from domain.words.text import mark

IN_WORDS: Final[Mapping[str, str]] = {
    r"^[0-9a-f]{64}$": mark("expected a digest: 64 hexadecimal digits"),
    r"^[0-9a-f]{32}$": mark("expected 32 hexadecimal digits, as of a key id"),
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$": mark("expected an address such as watch@duty.example"),
    r"^\+[0-9][0-9 ()-]{6,24}$": mark("expected a telephone number with its country, such as +998 71 000 00 00"),
    r"^[A-Z][A-Za-z0-9_+-]{1,30}(/[A-Z][A-Za-z0-9_+-]{1,30}){0,2}$": mark("expected a time zone such as Asia/Tashkent"),
    r"^[A-Za-z0-9_+-]{1,30}(/[A-Za-z0-9_+-]{1,30}){0,2}$": mark("expected a time zone such as Asia/Tashkent"),
    r"^[A-Za-z0-9][A-Za-z0-9./-]{0,39}$": mark("expected letters, digits, dots, dashes and slashes, 40 at most, such as E-1"),
    r"^[0-9]{6,10}$": mark("expected 6 to 10 digits"),
    r"^[0-9]{12}$": mark("expected 12 digits"),
    r"^[a-z]{2}$": mark("expected two small letters, such as ru"),
    r"^[a-z0-9][a-z0-9.-]{0,49}/[1-9][0-9]?$": mark("expected the number of a condition, such as uz.prosecutor/1"),
    r"^[+-](0[0-9]|1[0-4]):(00|15|30|45)$": mark("expected an offset such as +05:00"),
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": mark("expected an hour such as 22:00"),
}
"""Of what people type, by its pattern. Of any other text the pattern itself is said."""
