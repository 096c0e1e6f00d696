"""What an officer who watches over deliveries does with subscriptions: of the API and of the page *You* alike."""

from datetime import datetime

from aiohttp import web

from archive.sessions import SignedIn
from archive.subscriptions import GAP, KeptSubscription, Subscribers
from domain.signing.canonical import Frozen
from domain.views.subscriptions import Page, Subscription, Subscriptions, Tried, Wish
from domain.words.errors import Limited, NotAllowed, Unavailable
from domain.words.limits import MOST_SUBSCRIPTIONS_OF_SERVICE
from domain.words.text import fill, mark
from gateway.access import Visitor
from gateway.noticing import Rights
from gateway.telling import Teller


class Unseen(Frozen):
    """What the desk itself says to an officer: of how many deliveries something came up, and up to which number that goes."""

    count: int
    upto: int


class NoticeRoom:
    """Subscriptions of officers. Each method raises `Unavailable` if the archive is away."""

    def __init__(self, subscribers: Subscribers, teller: Teller, rights: Rights) -> None:
        self._subscribers = subscribers
        self._teller = teller
        self._rights = rights
        self._tried: dict[str, list[datetime]] = {}
        """By service, when tests were sent lately."""

    async def of(self, visitor: Visitor) -> Subscriptions:
        """All of the caller's own."""
        who = _who(visitor)
        kept = await self._subscribers.of(who.service, who.officer)
        return Subscriptions(subscriptions=tuple([await self._shown(one) for one in kept]), may_go_to=self._teller.may_go_to)

    async def subscribe(self, visitor: Visitor, wish: Wish) -> Subscription:
        """Subscribe. Raises `Malformed` where notices may not go there, or there are too many."""
        who = _who(visitor)
        self._teller.check(wish)
        name = await self._subscribers.add(who, wish, visitor.nonce)
        return await self._shown(await self._subscribers.one(name, who.service, who.officer))

    async def unsubscribe(self, visitor: Visitor, name: str) -> None:
        """End one of one's own. Raises `NotFound`."""
        who = _who(visitor)
        await self._subscribers.remove(name, who.service, who.officer)

    async def try_out(self, visitor: Visitor, name: str) -> Tried:
        """Send a test there. Raises `NotFound`, or `Limited` if that was done within the last minute, or if its service has
        sent so many as it may have subscriptions: who subscribes anew for each floods no mailbox.
        """
        who = _who(visitor)
        one = await self._subscribers.one(name, who.service, who.officer)
        self._may_try(who.service)
        await self._subscribers.try_out(one)
        return Tried(failure=await self._teller.tell(one, None, visitor.service.language))

    def _may_try(self, service: str) -> None:
        now = self._subscribers.clock()
        self._tried = {one: late for one, some in self._tried.items() if (late := [at for at in some if at > now - GAP])}
        tried = self._tried.setdefault(service, [])
        if len(tried) >= MOST_SUBSCRIPTIONS_OF_SERVICE:
            message = fill("{service} has sent {most} tests within the last minute", service=service, most=len(tried))
            raise Limited(message, after=int(GAP.total_seconds()))
        tried.append(now)

    async def waiting(self, visitor: Visitor) -> Unseen:
        """What the desk says now, by subscriptions to pages: the most that one of them says."""
        found = [await self._subscribers.shown(one, self._is_quiet(one)) for one in await self._pages(visitor)]
        return Unseen(count=max((count for count, _ in found), default=0), upto=max((upto for _, upto in found), default=0))

    async def seen(self, visitor: Visitor, upto: int) -> None:
        """Everything up to this number was seen at the desk."""
        for one in await self._pages(visitor):
            await self._subscribers.seen(one, upto, self._is_quiet(one))

    async def _pages(self, visitor: Visitor) -> list[KeptSubscription]:
        who = _who(visitor)
        kept = await self._subscribers.of(who.service, who.officer)
        pages = [one for one in kept if isinstance(one.wish.way, Page)]
        return [one for one in pages if await self._rights.service_of(one.who) is not None]

    def _is_quiet(self, one: KeptSubscription) -> bool:
        return one.wish.quiet is not None and one.wish.quiet.at(self._subscribers.clock())

    async def _shown(self, one: KeptSubscription) -> Subscription:
        ended = await self._rights.service_of(one.who) is None
        return Subscription(
            id=one.id,
            wish=one.wish,
            since=one.since,
            state="ended" if ended else "failing" if one.failure is not None else "good",
            waiting=await self._subscribers.waiting(one),
            quiet_now=self._is_quiet(one),
            told_at=one.told_at,
            tries=one.tries,
            failure=one.failure,
            lost=one.lost,
        )


NOTICES: web.AppKey[NoticeRoom] = web.AppKey("notices", NoticeRoom)


def room_of(request: web.Request) -> NoticeRoom:
    """Where subscriptions are kept. Raises `Unavailable` at a gateway that keeps none."""
    if NOTICES not in request.app:
        raise Unavailable(mark("this gateway keeps no subscriptions"))
    return request.app[NOTICES]


def _who(visitor: Visitor) -> SignedIn:
    if visitor.officer is None:
        message = mark("an officer subscribes, and this proof names none")
        raise NotAllowed(message, hint=mark("give the officer's code as `sub` of the proof"))
    return SignedIn(visitor.service.id, visitor.officer, visitor.key, visitor.subject)
