"""A second API server, kmock's: its own discovery, routing, objects and refusals beside those of our double.

What kmock 0.8 lacks is put into it here: lists have no kind, pages or metadata-only form, and the path of the
list of namespaces breaks its parser.
"""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import AbstractContextManager
from typing import Any

import kmock
from aiohttp.web import BaseRequest, StreamResponse

from doubles.kubernetes.server import ApiServer

Object = dict[str, Any]
NAMESPACES, UNDER = "/api/v1/namespaces", "rooms"


class Emulator(kmock.KubernetesEmulator):
    """Kmock's emulator, which finds the list of namespaces under another plural."""

    async def __call__(self, raw_request: BaseRequest) -> StreamResponse:
        """Answer one request."""
        if raw_request.path == NAMESPACES:
            url = raw_request.rel_url.with_path(NAMESPACES.replace("namespaces", UNDER), keep_query=True)
            raw_request = raw_request.clone(rel_url=url)
        return await super().__call__(raw_request)


class SecondServer(AbstractContextManager["SecondServer"]):
    """Serves what `held` holds; `answers` maps a method and path, or a kmock filter, to what stands in its
    place.
    """

    def __init__(self, held: ApiServer, answers: dict[str, Any] | None = None) -> None:
        self.url = ""
        self.requests: list[tuple[str, str]] = []
        self._held, self._answers = held, answers or {}
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> SecondServer:
        self._thread.start()
        assert self._ready.wait(10), "kmock did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        api = Emulator()
        self._fill(api)
        for what, answer in self._answers.items():
            api[what] << answer
        api["list"] << (lambda request: self._page(api, request))
        async with api, kmock.Server(api) as server:
            self.url = str(server.url).rstrip("/")
            self._ready.set()
            await self._stop.wait()
            self.requests = [(one.method.value.upper(), one.url.path) for one in list(api)]

    def _fill(self, api: kmock.KubernetesEmulator) -> None:
        for (group, version), plurals in self._held.resources.items():
            for plural, (kind, namespaced) in plurals.items():
                info = {"kind": kind, "namespaced": namespaced, "verbs": ["get", "list"]}
                api.resources[kmock.resource(group, version, plural)] = info
                place = kmock.resource(group, version, UNDER if plural == "namespaces" else plural)
                api.resources[place] = info
                for item in self._held.objects.get((group, plural), ()):
                    meta = item["metadata"]
                    api.objects[place, meta.get("namespace"), meta["name"]] = item

    def _page(self, api: kmock.KubernetesEmulator, request: kmock.Request) -> Object:
        """Return one page of kmock's own objects, as list of their kind or of metadata alone."""
        if request.resource.plural is None:
            # Kmock takes the discovery of a version for a list: this leaves it to kmock's own answer.
            raise NotImplementedError
        if request.resource not in api.resources:
            raise kmock.KubernetesResourceNotFoundError()
        found = [
            item.raw
            for (place, namespace, _), item in api.objects.items()
            if place == request.resource and request.namespace in (None, namespace)
        ]
        start, limit = int(request.params.get("continue", 0)), int(request.params.get("limit", 0))
        end = start + limit if limit else len(found)
        kind, page = api.resources[request.resource].kind, found[start:end]
        if re.search("as=PartialObjectMetadataList", request.headers.get("Accept", "")):
            kind, page = "PartialObjectMetadata", [{"metadata": one["metadata"]} for one in page]
        meta: Object = {"resourceVersion": "1000"}
        if end < len(found):
            meta |= {"continue": str(end), "remainingItemCount": len(found) - end}
        return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": meta, "items": page}
