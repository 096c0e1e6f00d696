"""The route on a map, in two renderings of which a style sheet shows one: drawn beside the event loop, and its ground once."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from domain.views.map_ground import LARGE, SMALL, ground
from domain.views.map_picture import map_picture, off_the_map
from domain.views.outlines import Outlines
from domain.views.route_map import LACKING, NO_MAP, NO_OUTLINES, OFF_THE_MAP, POSTS, POSTS_ALONE, SCHEMATIC, RouteMap
from domain.views.sentences import Translate
from domain.views.states import state_called
from gateway.aside import Aside
from papers.outlines import outlines

DRAWING: Final[web.AppKey[Aside]] = web.AppKey("drawing", Aside)


@dataclass(frozen=True)
class Maps:
    """The pictures, none where there is too little to draw; and what is said of them."""

    pictures: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


NO_MAPS: Final = Maps()


async def maps_of(request: web.Request, found: RouteMap, said: str, speak: Translate) -> Maps:
    """Of what is drawn for this reader."""
    work = partial(maps, found, said, speak)
    return await request.app[DRAWING].do(lambda: work(outlines())) if found.drawn else work(None)


def maps(found: RouteMap, said: str, speak: Translate, known: Outlines | None) -> Maps:
    """The same with these outlines. `said`: the route in words, for who does not see it."""
    if not found.drawn:
        return Maps(says=(speak(NO_MAP), *_posts(found, POSTS_ALONE, speak)) if found.stops or found.lacking else ())
    states = tuple((state, state_called(state, speak)) for state in found.states)
    grounds = [ground(known, found.planned or (tuple(one.at for one in found.stops),), states, size) for size in (LARGE, SMALL)]
    words = [*([found.here.said] if found.here is not None else []), speak(SCHEMATIC)]
    if known is None:
        words.append(speak(NO_OUTLINES))
    if off_the_map(found, grounds[0]):
        words.append(speak(OFF_THE_MAP))
    if found.lacking:
        words.append(speak(LACKING).format(numbers=", ".join(map(str, found.lacking))))
    posts = _posts(found, POSTS, speak)
    whole = " ".join([said, *words[: int(found.here is not None)], *posts])
    words += posts
    return Maps(tuple(map_picture(found, one, whole) for one in grounds), tuple(words))


def _posts(found: RouteMap, sentence: str, speak: Translate) -> list[str]:
    """Their names whole: beside a mark there may be no room."""
    return [speak(sentence).format(posts="; ".join(found.posts))] if found.posts else []
