"""The workflow that performs on Temporal what the checklist (`domain.rules.course`) decides; begin with `controlled_delivery`."""
