"""What the present request or task is, for the log and the trail."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
source: ContextVar[str] = ContextVar("source", default="command")  # ui, portal, task, webhook, command
