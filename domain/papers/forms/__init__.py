"""Every form, one file each, in the order in which a delivery needs them."""

from collections.abc import Mapping

from domain.papers.form import Form
from domain.papers.forms.court import Court
from domain.papers.forms.destruction import Destruction
from domain.papers.forms.examination import Examination
from domain.papers.forms.handover import Handover
from domain.papers.forms.measures import Measures
from domain.papers.forms.memorandum import Memorandum
from domain.papers.forms.order import Order
from domain.papers.forms.replacement import Replacement
from domain.papers.forms.request import Request
from domain.papers.forms.results import Results
from domain.papers.forms.sampling import Sampling
from domain.papers.forms.seizure import SeizureRecord
from domain.papers.forms.submission import Submission
from domain.papers.forms.surveillance import Surveillance

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Request(),
        Memorandum(),
        Order(),
        Measures(),
        Examination(),
        Replacement(),
        Sampling(),
        Handover(),
        Surveillance(),
        SeizureRecord(),
        Submission(),
        Results(),
        Destruction(),
        Court(),
    )
}
"""By name."""
