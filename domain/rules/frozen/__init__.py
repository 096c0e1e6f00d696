"""What released versions of the rules did otherwise than the law as it is. Nothing here is ever changed.

The newest law stands in the main place. When a rule changes after a release, `before_N.py` keeps what was so before version `N`:
the old classes (a kind of statement, a contingency or the effect of an event, each a subclass of the new one) and the old
functions; and `before_N(book)`, which makes the older book: `dataclasses.replace(book, version=N - 1, ...)`, these in place of
the new ones. That book then stands in `domain.rules.books`, made from the one after it, so that each file holds one difference
only. Deliveries that began under an old version end under it, and their packets verify for ever.
"""
