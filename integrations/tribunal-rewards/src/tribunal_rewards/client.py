"""Asking the server: one request for many groups, tried again while the server is busy, away or restarting."""

from __future__ import annotations

import asyncio
import email.utils
import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_MOST = 256


class TribunalError(RuntimeError):
    """The server can't be reached in time, or refuses the request; nothing is known of any reward."""


class Reward(NamedTuple):
    """A response's reward; `value` is None where there is none, `why` says why."""

    value: float | None
    complete: bool
    why: str | None = None


@dataclass
class Group:
    """Responses to one prompt. A prompt is a text or turns, a response a text or turns (a trajectory)."""

    prompt: Any
    responses: list[Any]
    reference: str | None = None
    id: str | None = None
    """The name of a group that several requests make together: new for every step and prompt."""
    size: int | None = None
    """Responses in all of it. With a size or an id the responses are a part of a group, else they are all of it."""
    gather: bool = False
    """Whether responses to the same prompt that this client sends about now are a group with these."""
    rubric: Any = None
    """Criteria that the responses are graded by: a text, or a list of texts or {id, text, weight, kind}. Refused where the judge is shown no rubric."""

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"prompt": plain(self.prompt), "responses": plain(self.responses)}
        if self.reference:
            body["reference"] = self.reference
        if self.rubric:
            body["rubric"] = plain(self.rubric)
        if self.gather or self.id is not None or self.size is not None:
            body["group"] = {name: value for name, value in (("id", self.id), ("size", self.size)) if value is not None}
        return body


@dataclass
class Settings:
    """Where the server is; by default what the environment says."""

    url: str = field(default_factory=lambda: os.environ.get("TRIBUNAL_URL", "http://127.0.0.1:8080"))
    key: str | None = field(default_factory=lambda: os.environ.get("TRIBUNAL_API_KEY"))
    timeout: float = field(default_factory=lambda: float(os.environ.get("TRIBUNAL_TIMEOUT", "600")))
    client: str | None = field(default_factory=lambda: os.environ.get("TRIBUNAL_CLIENT"))

    def headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        if self.client:
            headers["X-Tribunal-Client"] = self.client
        return headers


class Client:
    """Asks and waits."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()

    def rewards(self, groups: Sequence[Group]) -> list[list[Reward]]:
        """A list per group with a reward per response. Raises TribunalError."""
        tries = _Tries(self._settings)
        read: list[list[Reward]] = []
        for start in range(0, len(groups), _MOST):
            part = groups[start : start + _MOST]
            while True:
                status, headers, body = self._post(_request(part), tries.left())
                if (pause := tries.after(status, headers, body)) is None:
                    read += _read(part, body)
                    break
                time.sleep(pause)
        return read

    def _post(self, data: bytes, left: float) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(_address(self._settings), data, self._settings.headers())
        try:
            with urllib.request.urlopen(request, timeout=left) as response:
                return response.status, _lower(response.headers.items()), response.read()
        except urllib.error.HTTPError as error:
            return error.code, _lower(error.headers.items()), error.read(4000)
        except (OSError, EOFError, ValueError) as error:
            return 0, {}, str(error).encode()
        except Exception as error:  # http.client's own: a connection that ends in the middle
            return 0, {}, repr(error).encode()


class AsyncClient:
    """The same without blocking the event loop; thousands may wait at once."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()

    async def rewards(self, groups: Sequence[Group]) -> list[list[Reward]]:
        """A list per group with a reward per response. Raises TribunalError."""
        tries = _Tries(self._settings)
        read: list[list[Reward]] = []
        for start in range(0, len(groups), _MOST):
            part = groups[start : start + _MOST]
            while True:
                status, headers, body = await self._post(_request(part), tries.left())
                if (pause := tries.after(status, headers, body)) is None:
                    read += _read(part, body)
                    break
                await asyncio.sleep(pause)
        return read

    async def _post(self, data: bytes, left: float) -> tuple[int, dict[str, str], bytes]:
        try:
            return await asyncio.wait_for(self._exchange(data), left)
        except (OSError, EOFError, ValueError, IndexError, asyncio.TimeoutError) as error:
            return 0, {}, repr(error).encode()

    async def _exchange(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        url = urllib.parse.urlsplit(_address(self._settings))
        secure = url.scheme == "https"
        host = url.hostname or "127.0.0.1"
        reader, writer = await asyncio.open_connection(host, url.port or (443 if secure else 80), ssl=ssl.create_default_context() if secure else None)
        try:
            lines = [f"POST {url.path} HTTP/1.1", f"Host: {url.netloc}", f"Content-Length: {len(data)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in self._settings.headers().items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
            await writer.drain()
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            first, *rest = head.decode("latin-1").split("\r\n")
            headers = _lower(tuple(line.split(":", 1)) for line in rest)
            if headers.get("transfer-encoding", "") == "chunked":
                body = _whole(body)
            elif len(body) < int(headers.get("content-length", "0")):
                raise EOFError("the answer ends in the middle")
            return int(first.split(" ")[1]), headers, body
        finally:
            writer.close()


class _Tries:
    """When to ask again, and when to give up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._deadline = time.monotonic() + settings.timeout
        self._pause = 0.5

    def left(self) -> float:
        return max(0.1, self._deadline - time.monotonic())

    def after(self, status: int, headers: dict[str, str], body: bytes) -> float | None:
        """How long to pause before the next try; None where the answer is one."""
        if status == 200:
            return None
        said = body[:2000].decode(errors="replace")
        if status not in (0, *_AGAIN):
            raise TribunalError(f"{self._settings.url}: {status}: {said}")
        pause = _retry_after(headers.get("retry-after"))
        if pause is None:
            pause, self._pause = self._pause, min(self._pause * 2, 30.0)
        left = self._deadline - time.monotonic()
        if left <= pause:
            raise TribunalError(f"{self._settings.url} gave no answer in {self._settings.timeout:g} s: {said}")
        return pause


def _retry_after(value: str | None) -> float | None:
    """Seconds, or a date."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _address(settings: Settings) -> str:
    return settings.url.rstrip("/") + "/v1/rewards"


def _request(groups: Sequence[Group]) -> bytes:
    return json.dumps({"rollouts": [group.body() for group in groups]}).encode()


def _read(groups: Sequence[Group], body: bytes) -> list[list[Reward]]:
    results = json.loads(body)["results"]
    return [
        [
            Reward(None if result["rewards"] is None else result["rewards"][i], result["complete"], result.get("reason"))
            for i in range(len(group.responses))
        ]
        for group, result in zip(groups, results, strict=True)
    ]


def _lower(headers: Any) -> dict[str, str]:
    return {name.strip().lower(): value.strip() for name, value in headers}


def _whole(chunked: bytes) -> bytes:
    whole = b""
    while True:
        size, _, chunked = chunked.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return whole
        if len(chunked) < length:
            raise EOFError("the answer ends in the middle")
        whole, chunked = whole + chunked[:length], chunked[length + 2 :]


def plain(value: Any) -> Any:
    """Arrays, scalars and tuples of other libraries (numpy) as JSON has them."""
    if hasattr(value, "tolist") and not isinstance(value, (str, bytes)):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
