"""Every form, one file each, in the order in which a delivery needs them."""

from collections.abc import Mapping

from domain.papers.form import Form
from domain.papers.forms.court import CourtForm
from domain.papers.forms.destruction import DestructionForm
from domain.papers.forms.examination import ExaminationForm
from domain.papers.forms.handover import HandoverForm
from domain.papers.forms.measures import MeasuresForm
from domain.papers.forms.memorandum import MemorandumForm
from domain.papers.forms.order import OrderForm
from domain.papers.forms.replacement import ReplacementForm
from domain.papers.forms.request import RequestForm
from domain.papers.forms.results import ResultsForm
from domain.papers.forms.sampling import SamplingForm
from domain.papers.forms.seizure import SeizureRecordForm
from domain.papers.forms.submission import SubmissionForm
from domain.papers.forms.surveillance import SurveillanceForm

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        RequestForm(),
        MemorandumForm(),
        OrderForm(),
        MeasuresForm(),
        ExaminationForm(),
        ReplacementForm(),
        SamplingForm(),
        HandoverForm(),
        SurveillanceForm(),
        SeizureRecordForm(),
        SubmissionForm(),
        ResultsForm(),
        DestructionForm(),
        CourtForm(),
    )
}
"""By name."""
