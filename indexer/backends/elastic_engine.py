"""One request answered by Elasticsearch: every query of it over one point in time of the permitted partitions."""

from __future__ import annotations

import sys
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from elastic_transport import TransportError

from indexer.backends.elastic_query import condition_query, scored_query, stretches
from indexer.backends.form import SORT_FIELDS, counts_of, facet_counts
from indexer.backends.merging import Candidate
from indexer.documents import PageDocument
from indexer.fields import Sort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from elasticsearch import Elasticsearch

    from indexer.conditions import Condition
    from indexer.ranking import Clause

Hit = dict[str, Any]
"""A hit as the server gives it; by relevance with its payload and its place in order."""
KEEP_ALIVE = "1m"
AT_ONCE = 10_000
"""So many hits are listed by one query; the server gives no more."""
DOCUMENTS_AT_ONCE = 500


class ElasticEngine:
    """What is asked within one point in time."""

    def __init__(self, client: Elasticsearch, point: str) -> None:
        self._client = client
        self._point = point

    def _search(self, **body: Any) -> Hit:  # noqa: ANN401 - the server's words
        point = {"id": self._point, "keep_alive": KEEP_ALIVE}
        found: Hit = self._client.search(pit=point, source=False, allow_partial_search_results=False, **body).body
        if found["_shards"]["failed"] or found["timed_out"]:
            raise TransportError("a part of the index did not answer")
        self._point = found.get("pit_id", self._point)
        return found

    @property
    def point(self) -> str:
        """The point in time by its latest name, to be closed."""
        return self._point

    def counted(self, condition: Condition, facets: Sequence[str] = ()) -> tuple[int, Mapping[str, Mapping[str, int]]]:
        """The number of hits and counts of facet values."""
        aggregations = {"aggs": facet_counts(facets)} if facets else {}
        found = self._search(query=condition_query(condition), size=0, track_total_hits=True, **aggregations)
        counts = {name: counts_of(found["aggregations"][name]) for name in facets}
        return int(found["hits"]["total"]["value"]), counts

    def best(self, condition: Condition, clauses: Sequence[Clause], limit: int, total: int) -> list[tuple[float, Hit]]:
        """The best hits, with what stage 2 needs of them."""
        del total
        found = self._search(
            query=scored_query(condition, clauses),
            size=limit,
            sort=["_score"],
            track_scores=True,
            track_total_hits=False,
            stored_fields=["payload"],
            docvalue_fields=["order"],
        )["hits"]
        return [(hit["_score"], hit) for hit in found["hits"]]

    def listing(self, condition: Condition, sort: Sort, limit: int) -> tuple[int, list[Hit]]:
        """The first hits by an order key, listed in stretches."""
        query, hits, total = condition_query(condition), list[Hit](), 0
        while not hits or len(hits) < min(limit, total):
            after = {"search_after": hits[-1]["sort"]} if hits else {}
            size = min(limit - len(hits), AT_ONCE)
            found = self._search(query=query, size=size, sort=[SORT_FIELDS[sort]], track_total_hits=not hits, **after)
            total = total if hits else int(found["hits"]["total"]["value"])
            if not found["hits"]["hits"]:
                break
            hits += found["hits"]["hits"]
        return total, hits

    def candidates(self, refs: Sequence[Hit]) -> list[Candidate]:
        """Id, order and payload."""
        return [Candidate(hit["_id"], hit["fields"]["order"][0], _bytes(hit, "payload")) for hit in refs]

    def documents(self, refs: Sequence[Hit]) -> list[PageDocument]:
        """The stored documents, in the order in which they are asked for."""
        stored: dict[tuple[str, str], bytes] = {}
        for some in stretches(refs, DOCUMENTS_AT_ONCE):
            ids = {"ids": {"values": [hit["_id"] for hit in some]}}
            # an id may stand in two partitions for as long as a change is under way
            most = min(2 * len(some), AT_ONCE)
            for hit in self._search(query=ids, size=most, sort=["_doc"], stored_fields=["document"])["hits"]["hits"]:
                stored[hit["_index"], hit["_id"]] = _bytes(hit, "document")
        return [PageDocument.from_stored(stored[hit["_index"], hit["_id"]]) for hit in refs]

    def ids(self, condition: Condition) -> list[tuple[str, str]]:
        """Index and id of every hit."""
        _, hits = self.listing(condition, Sort.ARCHIVAL_CODE, sys.maxsize)
        return [(hit["_index"], hit["_id"]) for hit in hits]

    def cases(self) -> set[str]:
        """Every case that has a document."""
        found: set[str] = set()
        after: Hit = {}
        while True:
            pages = {"composite": {"size": AT_ONCE, "sources": [{"case": {"terms": {"field": "case"}}}], **after}}
            answer = self._search(size=0, track_total_hits=False, aggs={"cases": pages})["aggregations"]["cases"]
            found |= {bucket["key"]["case"] for bucket in answer["buckets"]}
            if "after_key" not in answer:
                return found
            after = {"after": answer["after_key"]}


def _bytes(hit: Hit, name: str) -> bytes:
    return b64decode(hit["fields"][name][0])
