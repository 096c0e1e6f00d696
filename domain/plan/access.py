"""Who may do what. One table, and every door asks it.

The role follows from what the caller is in the directory, and from its part in the delivery: whoever starts or coordinates
it is its operations officer; a body of several States, such as CARICC, only where the requests to all States concern it. How far
a permission reaches:

    all    every delivery, the whole of it
    own    deliveries it takes part in (to start or amend: as an initiator of the plan), the whole of them
    part   deliveries it takes part in: its legs, the handovers beside them and what binds it (R11, `domain.views.sight`)
    -      not at all
"""

from typing import Literal

from domain.plan.directory import Directory, Service
from domain.plan.plan import Plan
from domain.words.errors import NotAllowed
from domain.words.text import fill

Role = Literal["operations", "service", "prosecutor", "supervisor", "auditor", "administrator", "system"]
ROLES: tuple[Role, ...] = ("operations", "service", "prosecutor", "supervisor", "auditor", "administrator", "system")
Reach = Literal["all", "own", "part", "-"]

# fmt: off
MAY: dict[str, tuple[Reach, ...]] = {
    #           operations  service  prosecutor  supervisor  auditor  administrator  system
    "start":    ("own",     "-",     "-",        "-",        "-",     "-",           "-"),
    "amend":    ("own",     "-",     "-",        "-",        "-",     "-",           "-"),
    "submit":   ("all",     "all",   "all",      "all",      "all",   "all",         "all"),  # who signed it is what counts
    "keys":     ("own",     "own",   "own",      "own",      "own",   "all",         "all"),  # own: one's own keys
    "inbox":    ("own",     "own",   "own",      "own",      "-",     "-",           "-"),
    "list":     ("own",     "own",   "own",      "all",      "-",     "-",           "-"),
    "floor":    ("own",     "own",   "own",      "all",      "-",     "-",           "-"),  # own: of which it sees the whole
    "floor-changes": ("own", "own",  "own",      "all",      "-",     "-",           "-"),
    "overdue":  ("own",     "own",   "own",      "all",      "-",     "-",           "-"),
    "chase":    ("own",     "own",   "own",      "all",      "-",     "-",           "-"),  # own: who owes there something
    "view":     ("own",     "part",  "part",     "all",      "-",     "-",           "-"),
    "ledger":   ("own",     "part",  "part",     "all",      "-",     "-",           "-"),
    "changes":  ("own",     "part",  "part",     "all",      "-",     "-",           "-"),
    "files":    ("own",     "part",  "part",     "all",      "-",     "-",           "-"),
    "file":     ("own",     "part",  "part",     "all",      "-",     "-",           "-"),
    "attach":   ("own",     "part",  "part",     "-",        "-",     "-",           "-"),
    "packet":   ("own",     "-",     "-",        "all",      "-",     "-",           "-"),
    "papers":   ("own",     "part",  "part",     "all",      "-",     "-",           "-"),
    "paper":    ("own",     "part",  "part",     "all",      "-",     "-",           "-"),  # part: those that its form is for
    "expunge":  ("-",       "-",     "-",        "all",      "-",     "all",         "-"),  # with a second person
    "expunged": ("-",       "-",     "-",        "all",      "all",   "all",         "-"),
    "directory": ("part",   "part",  "part",     "all",      "part",  "all",         "all"),  # part: not how others are reached
    "decode":   ("-",       "-",     "-",        "all",      "-",     "-",           "-"),
    "measure":  ("-",       "-",     "-",        "all",      "-",     "all",         "all"),
    "reads":    ("-",       "-",     "-",        "-",        "all",   "-",           "-"),
    "alarms":   ("-",       "-",     "-",        "all",      "-",     "-",           "-"),
    "notices":  ("-",       "-",     "-",        "all",      "-",     "-",           "-"),  # an officer's own subscriptions
    "subscribe": ("-",      "-",     "-",        "all",      "-",     "-",           "-"),
    "unsubscribe": ("-",    "-",     "-",        "all",      "-",     "-",           "-"),
    "test-notice": ("-",     "-",     "-",        "all",      "-",     "-",           "-"),
    "shift":    ("own",     "-",     "-",        "all",      "-",     "-",           "-"),  # own: of which it sees the whole
    "hand-over": ("own",    "-",     "-",        "all",      "-",     "-",           "-"),
    "take-over": ("own",    "-",     "-",        "all",      "-",     "-",           "-"),  # by another person
    "handovers": ("own",    "-",     "-",        "all",      "-",     "-",           "-"),
    "handover": ("own",     "-",     "-",        "all",      "-",     "-",           "-"),
    "results":  ("own",     "part",  "part",     "all",      "-",     "-",           "-"),
    "statistics": ("own",   "part",  "part",     "all",      "-",     "-",           "-"),
    "forecast": ("own",     "-",     "-",        "-",        "-",     "-",           "-"),
    "enter":    ("own",     "own",   "own",      "own",      "-",     "-",           "-"),  # own: as oneself, with a browser
}
# fmt: on
"""Action, and how far it reaches for each role, in the order of `ROLES`. The actions are the names of the gateway's routes; what
a page for browsers shows and does is one of them too (`gateway.pages.entrance`)."""
OPEN = ("health", "openapi")
"""What anybody may ask, without a proof: neither says anything about a delivery, a service or a person."""

_BY_KIND: dict[str, Role] = {
    "prosecutor": "prosecutor",
    "court": "prosecutor",
    "supervisor": "supervisor",
    "auditor": "auditor",
    "administrator": "administrator",
    "system": "system",
}


def role_of(service: Service, plan: Plan | None = None) -> Role:
    """What the caller is: in this delivery, or apart from any."""
    if plan is not None and (
        service.id in plan.initiators() or (service.id == plan.coordinator and not kept_from(service, plan))
    ):
        return "operations"
    return _BY_KIND.get(service.kind, "service")


def kept_from(coordinator: Service, plan: Plan) -> tuple[str, ...]:
    """The States whose requests are not this coordinator's to read, where it is of no one State: those that are none of its
    `members`, and are not asked through it. The signed plan holds every request, so who is kept from one does not see the whole.
    """
    if coordinator.state is not None:
        return ()
    return tuple(state for state in plan.request.to if not reads_request(coordinator, plan, state))


def reads_request(coordinator: Service, plan: Plan, state: str) -> bool:
    """Whether the request to a State is for this coordinator: it is a body of that State, or the request goes through it."""
    said = plan.request.to.get(state)
    if coordinator.id != plan.coordinator or said is None:
        return False
    return state in (coordinator.state, *coordinator.members) or said.channel == coordinator.id


def reach(role: Role, action: str) -> Reach:
    """How far this action reaches for this role. Raises `KeyError` for what is no action."""
    return MAY[action][ROLES.index(role)]


def supervises(service: Service) -> bool:
    """Whether it watches over every delivery."""
    return role_of(service) == "supervisor"


def speaks_everywhere(service: Service) -> bool:
    """Whether a delivery must know its keys though it takes no part: those who watch over deliveries, and the installation."""
    return role_of(service) in ("supervisor", "administrator", "system")


def taken_along(plan: Plan, directory: Directory) -> Directory:
    """The services that a delivery of this plan begins with: those that take part or are told at the end, those of siblings whose
    words it waits for, and those that speak in every delivery.
    """
    watching = [service.id for service in directory.services if speaks_everywhere(service)]
    return directory.snapshot([*plan.everybody(), *plan.vouching(), *watching])


def permit(service: Service, action: str) -> None:
    """Before anything is known of the delivery: return if the caller could be allowed this, in some delivery.

    Raises `NotAllowed`.
    """
    roles = {role_of(service)} | ({"operations"} if role_of(service) in ("service", "prosecutor") else set())
    if all(reach(role, action) == "-" for role in ROLES if role in roles):
        may = ", ".join(role for role in ROLES if reach(role, action) != "-")
        told = {"action": action, "service": service.id, "kind": service.kind, "roles": may}
        raise NotAllowed(fill("`{action}` is not for {service}, of kind {kind}; it is for {roles}", **told))
