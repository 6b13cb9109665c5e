"""How a rule says no."""


class DomainError(Exception):
    """A rule said no. The text is the user's sentence: what, why, what now."""


class Stale(DomainError):
    """Somebody, or another tab, was quicker; the sentence says who or what is different now.

    `news` holds what they wrote, {field: (was, now)}, where that is known; `seen` how far the trail went by then.
    """

    news: dict = {}
    seen: int | None = None


class Forbidden(DomainError):
    """The person's role does not allow this."""
