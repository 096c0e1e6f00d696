"""A request for consent that is asked of a service under examination: nothing in it is real, and it says so."""

from domain.plan.request_for_consent import RequestForConsent

SAID = "conformance test"


def for_consent(state: str, service: str, delivery: str) -> RequestForConsent:
    """One to this service, that decides for this State."""
    texts = (
        "facts",
        "grounds",
        "aim",
        "necessity",
        "concealment",
        "on_loss",
        "costs",
        "exhibits",
        "contact",
        "signed_by",
        "marking",
    )
    return RequestForConsent.model_validate(
        {
            **dict.fromkeys(texts, SAID),
            "basis": [SAID],
            "channel": "direct",
            "language": "en",
            "operation": delivery,
            "example": True,
            "handling_code": "H1",
            "state": state,
            "addressees": [service],
            "requesters": ["vigil"],
            "coordinator": None,
            "offence": {"description": SAID, "extraditable": {state: True}},
            "consignment": {
                "kind": "goods",
                "goods": ["goods"],
                "identifiers": [{"scheme": "other", "value": SAID}],
                "declared_as": SAID,
                "contents": [{"substance": SAID, "net": "13.2 kg"}],
                "gross": "13.9 kg",
            },
            "tolerances": {"gross": "20 g"},
            "modality": "intact",
            "reverse": False,
            "route": [],
            "measures": [],
            "arrests": [],
            "surveillance": None,
        }
    )
