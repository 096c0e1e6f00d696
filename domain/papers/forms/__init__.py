"""Every form, one file each, in the order in which a delivery needs them."""

from collections.abc import Mapping

from domain.papers.form import Form
from domain.papers.forms.court import Court
from domain.papers.forms.examination import Examination
from domain.papers.forms.handover import Handover
from domain.papers.forms.order import Order
from domain.papers.forms.request import Request
from domain.papers.forms.results import Results

FORMS: Mapping[str, Form] = {form.name: form for form in (Request(), Order(), Examination(), Handover(), Results(), Court())}
"""By name."""
