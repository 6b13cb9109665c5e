"""Email, by the backend of the environment: SMTP, any anymail provider, or the demo's outbox."""

from contextlib import contextmanager
from datetime import timedelta

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailRecipientsRefused,
)
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from urllib3.exceptions import NewConnectionError

from . import idempotency
from .base import ChannelFailure, OutcomeUnknown, Receipt
from .smtp import WireBackend, classify

LONGEST_REST = timedelta(hours=1)  # whatever a provider asks for: then it is asked again
NOT_TAKEN = {"failed", "invalid", "rejected"}  # anymail's words for a reader whose mail a provider's answer refuses
WITHOUT_METADATA = {"MailerSend", "Postal", "Scaleway"}  # sending it would be refused; their own ids serve


class EmailChannel:
    """One message, one recipient. A session keeps its connection for a group of messages.

    `per_minute`: how many messages may begin in a minute, over all workers and hosts; 0 sets no rate.
    """

    def __init__(self, per_minute: int = 0):
        self.per_minute = per_minute

    @property
    def repeats_for(self) -> timedelta:
        """How long a message of uncertain outcome may be asked for again: the provider takes it once all the same."""
        return idempotency.repeats_for()

    @contextmanager
    def session(self):
        try:
            backend = mail.get_connection(fail_silently=False)
        except (ImproperlyConfigured, ImportError) as error:
            raise ChannelFailure(
                f"The mail set-up of this installation is incomplete: {error}"[:500], kind="config"
            ) from error
        over_smtp = isinstance(backend, WireBackend)
        idempotency.prepare(backend)
        try:
            yield _SmtpSession(backend) if over_smtp else _RequestSession(backend)
        finally:
            if over_smtp:
                backend.drop()
            else:
                backend.close()


class _SmtpSession:
    def __init__(self, backend):
        self.backend = backend

    def send(self, message, on_wire) -> Receipt:
        try:
            code, text = self.backend.hand_over(message, on_wire)
        except Exception as error:
            if not isinstance(error, OSError):  # smtplib's exceptions are OSErrors; ours from on_wire are not
                self.backend.drop()
                raise
            meaning = classify(error, on_the_wire=self.backend.is_on_the_wire)
            self.backend.drop()
            raise meaning from error
        return Receipt(response=f"{code} {text.decode('utf-8', 'replace')}"[:500], code=str(code))


class _RequestSession:
    """A provider's API, or any other backend that takes a message in one call."""

    def __init__(self, backend):
        self.backend = backend

    def send(self, message, on_wire) -> Receipt:
        _name_to_provider(self.backend, message)
        on_wire()
        try:
            self.backend.send_messages([message])
        except AnymailRecipientsRefused as error:
            raise ChannelFailure(f"The address was refused: {error}"[:500], kind="permanent") from error
        except AnymailConfigurationError as error:
            raise ChannelFailure(f"The mail provider is not set up: {error}"[:500], kind="config") from error
        except AnymailAPIError as error:
            raise _of_answer(error) from error
        except AnymailError as error:
            raise ChannelFailure(
                f"The mail provider cannot send this message: {error}"[:500], kind="permanent"
            ) from error
        except OSError as error:
            raise OutcomeUnknown(f"The connection to the mail provider broke: {error}"[:500]) from error
        status = getattr(message, "anymail_status", None)
        if status is not None and status.status and status.status <= NOT_TAKEN:  # of "failed" anymail raises nothing
            words = ", ".join(sorted(status.status))
            raise ChannelFailure(f"The mail provider did not take it: {words}", kind="permanent")
        if status is not None and status.message_id:
            return Receipt(
                response=", ".join(sorted(status.status or ())) or "accepted", provider_id=str(status.message_id)
            )
        return Receipt(response=getattr(message, "accepted_as", "") or "accepted")


def _name_to_provider(backend, message) -> None:
    """anymail gives metadata back with each event, so that one finds its delivery whatever ids a provider makes."""
    ours = message.extra_headers.get("X-AR-Delivery")
    if ours and isinstance(backend, AnymailBaseBackend) and backend.esp_name not in WITHOUT_METADATA:
        message.metadata = {"delivery": ours}


def _of_answer(error: AnymailAPIError) -> Exception:
    """By HTTP status: no answer or a server error is unknown, for the provider may have taken the message."""
    code = getattr(error, "status_code", None)
    reason = str(error).strip()[:450]
    if _was_never_connected(error):
        return ChannelFailure(f"The mail provider could not be reached: {reason}", kind="temporary")
    if code is None or code >= 500:
        return OutcomeUnknown(f"The mail provider did not answer clearly: {reason}")
    if code == 402:  # no credit left, say: that is one problem, not one of each message
        return ChannelFailure(f"The mail provider sends nothing for us now: {reason}", kind="config", code=str(code))
    if code in (408, 425):  # not read to its end, or not yet
        return ChannelFailure(reason, kind="temporary", code=str(code))
    if code in (401, 403):
        return ChannelFailure(f"The mail provider does not accept our key: {reason}", kind="config", code=str(code))
    if code == 429:
        return ChannelFailure(reason, kind="rate", code="429", retry_after=_retry_after(error))
    if code == 409 and "concurrent" in reason:  # the same key is being worked on: asked again a little later
        return ChannelFailure(reason, kind="temporary", code="409")
    return ChannelFailure(reason, kind="permanent", code=str(code))


def _was_never_connected(error) -> bool:
    """No request left: safe to repeat."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.__cause__
    inner = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(inner, NewConnectionError)


def _retry_after(error) -> timedelta | None:
    headers = getattr(getattr(error, "response", None), "headers", {})
    seconds = str(headers.get("Retry-After", ""))
    if not (seconds.isascii() and seconds.isdigit()):
        return None
    return min(timedelta(seconds=int(seconds[:9])), LONGEST_REST)
