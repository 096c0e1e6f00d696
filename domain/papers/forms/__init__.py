"""Every form, one file each, in the order in which a delivery needs them."""

from collections.abc import Mapping

from domain.papers.form import Form
from domain.papers.forms.handover import Handover

FORMS: Mapping[str, Form] = {form.name: form for form in (Handover(),)}
"""By name."""
