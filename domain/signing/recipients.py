"""For whom files are encrypted: recipients of the age format, version 1 (age-encryption.org/v1), of kind X25519."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pyrage import RecipientError
from pyrage.x25519 import Recipient


def _recipient(text: str) -> str:
    try:
        return str(Recipient.from_str(text))
    except RecipientError as error:
        raise ValueError("a recipient is written `age1` and 58 characters, as `vigil keys new` prints it") from error


RecipientText = Annotated[str, Field(pattern=r"^age1[02-9ac-hj-np-z]{58}$"), AfterValidator(_recipient)]
"""`age1...`: Bech32, so that a wrong character is found."""
