"""What is kept only for a while, thrown away when its while is over."""

from . import limits, once, sessions


def tidy() -> int:
    """Forget old tries, used tokens and ended sessions; how many rows of the first two."""
    sessions.sweep()
    return limits.sweep() + once.sweep()
