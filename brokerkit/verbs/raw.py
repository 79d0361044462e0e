"""Raw calls: every API of the broker by its own name or id, with its own fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.text import sanitize
from brokerkit.verbs.asking import Asking

if TYPE_CHECKING:
    from brokerkit.catalogue import Catalogue
    from brokerkit.orders.desk import OrderDesk
    from brokerkit.raw.calls import RawCall
    from brokerkit.raw.reply import RawReply

T = TypeVar("T")


class RawCalls(Asking):
    """Calls that the verbs lack."""

    if TYPE_CHECKING:

        @property
        def _desk(self) -> OrderDesk: ...

        def _sending(self, what: str, send: Callable[[], T]) -> T: ...

        def _over_socket(self, call: RawCall, most: int) -> RawReply: ...

    @property
    def apis(self) -> Catalogue:
        """All APIs of the broker: `broker.apis.search("투자자")`, `broker.apis.api("ka10059")`.

        Raises Unsupported where the broker has no catalogue of them.
        """
        from brokerkit.catalogue import Catalogue

        package = self._inquiries.adapter.catalogue
        if package is None:
            raise Unsupported(f"{self.name} has no catalogue of its APIs, so none can be called by name.")
        return Catalogue.at(package)

    def call(
        self,
        api: str,
        fields: Mapping[str, Any] | None = None,
        *,
        pages: int | None = None,
        key: str | None = None,
    ) -> RawReply:
        """Call an API of the broker by its name or id ("ka10059", "domestic_stock/inquire_investor").

        `fields` are those of the broker, each a text, an int or a Decimal; the account is filled in. What is known to
        be wrong raises InvalidRequest before anything is sent, with all of it at once; what is merely odd passes, and
        stands in the reply's `warnings`. `pages` is how many pages are asked for at most, one if nothing is said;
        `is_complete` tells whether that was all. Raises also Unsupported, Rejected and its kinds, NetworkError.

        What asks is sent as the verbs send it, over the broker's socket where that alone answers: over the one of an
        open stream, else over one for this call. What may move money goes the way of orders: armed, within the limits,
        written down, sent once, under a `key` if you like; it raises as `order`.

        Example::

            call = "domestic_stock/inquire_price"
            reply = broker.call(call, {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"})
        """
        from brokerkit.raw.calls import prepared

        client = self._inquiries.adapter.client
        what = f"call {sanitize(client.clean(str(api)), limit=60)}"
        with self._asking(what):
            most = _pages(pages)
            call = prepared(client, self.apis, api, {} if fields is None else fields)
            if call.api.effect != "order":
                if key is not None:
                    raise InvalidRequest(f"{call.name} moves nothing: it takes no key.")
                if call.api.is_frame:
                    return self._over_socket(call, most)
                return call.log_in() if call.api.effect == "auth" else call.pages(most)
            carried = self._desk.calling(call, key)
            if (stands := self._desk.stands(carried.intent)) is not None:
                return carried.stands(stands)
        return self._sending(what, carried.go)


def _pages(pages: int | None) -> int:
    if pages is None:
        return 1
    if isinstance(pages, bool) or not isinstance(pages, int) or pages < 1:
        told = pages if isinstance(pages, int) else type(pages).__name__
        raise InvalidRequest(f"pages is how many pages to ask for at most, not {told}.")
    return pages
