"""Elasticsearch 9: one index for each partition and build, read by any process, written by one.

    <prefix>-state                           one document: which build is live, its partitions, its generation
    <prefix>-build-000001-<partition>        an index; `<prefix>-live` is an alias of those of the live build

Readers ask by the names that the state gives, so a rebuilt index takes over with one write. Nothing is seen before its
refresh, which ends every write. What the server leaves out of an answer (a lost shard) is an error, never a short
answer. Only what a test node has is used: bulk and point in time, no delete by query, no scripts.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import BulkIndexError, bulk, streaming_bulk

from archive_store.errors import UnavailableError
from archive_store.labels import Partition
from indexer.backends.base import Change, SearchRequest, SearchResponse
from indexer.backends.elastic_engine import KEEP_ALIVE, ElasticEngine
from indexer.backends.elastic_schema import template, to_elastic
from indexer.backends.form import FORM
from indexer.backends.merging import answer
from indexer.conditions import has

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import TypeVar

    from indexer.backends.base import SearchBackend
    from indexer.backends.writer_lock import WriterLock
    from indexer.documents import PageDocument

    Answer = TypeVar("Answer")

_SILENT = "检索引擎（Elasticsearch）没有应答，案卷本身没有受影响。请稍后再试；若一直如此，请系统管理员检查检索服务器。"
_NOT_WRITTEN = "检索索引暂时无法写入，案卷本身没有受影响，系统会再次尝试。"
_OTHER_FORM = "检索索引是旧版本的，正在等待重建，案卷本身没有受影响。请稍后再试。"
STATE_ID = "state"
MISSING = 404


@dataclass(frozen=True, slots=True)
class ElasticSettings:
    """Where the cluster is, and how indices are laid out in it.

    `prefix` begins the names of all indices; two archives in one cluster take different ones. `ca` is the authority's
    certificate as a PEM file. `timeout` is in seconds.
    """

    urls: tuple[str, ...]
    prefix: str = "anjuan"
    api_key: str | None = None
    ca: Path | None = None
    shards: int = 1
    replicas: int = 1
    timeout: float = 10.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class _State:
    build: int = 0
    generation: int = 0
    form: int = FORM
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """How the cluster stands: `green`, `yellow` (copies are missing) or `red`, its nodes, the server's version."""

    status: str
    nodes: int
    version: str

    def __str__(self) -> str:
        """In words, for a page."""
        words = {"green": "正常", "yellow": "副本不全", "red": "有分片不可用"}
        return f"{words.get(self.status, self.status)}，{self.nodes} 个节点，版本 {self.version}"


class ElasticsearchBackend:
    """A search backend on a cluster; only one process of the installation holds the lock.

    `client` and `beside` are given by `start_rebuild` alone: the build that is to be filled shares all else.
    """

    def __init__(
        self,
        settings: ElasticSettings,
        lock: WriterLock,
        client: Elasticsearch | None = None,
        beside: _State | None = None,
    ) -> None:
        self._settings = settings
        self._lock = lock
        self._beside = beside
        self._client = client or _connect(settings)

    def open(self) -> None:
        """Nothing is asked of the cluster before it is needed."""

    def close(self) -> None:
        """Give back the lock and the connections."""
        if self._beside is None:
            self._lock.release()
            self._client.close()

    @property
    def generation(self) -> int:
        """Grows with every write, and when a rebuilt index takes over."""
        return self._state().generation

    @property
    def needs_rebuild(self) -> bool:
        """Whether nothing was ever written, or it was written in another form."""
        state = self._state()
        return state.build == 0 or state.form != FORM

    def health(self) -> Health:
        """How the cluster stands."""
        return self._asked(self._health)

    def _health(self) -> Health:
        found = self._client.cluster.health()
        return Health(found["status"], found["number_of_nodes"], self._client.info()["version"]["number"])

    def partitions(self) -> tuple[Partition, ...]:
        """The partitions that exist, by name."""
        return tuple(Partition.parse(name) for name in self._state().partitions)

    # writing

    def apply(self, changes: Iterable[Change]) -> int:
        """Carry out the changes, partition by partition; all of it is seen at once at the end."""
        with self._writing() as state:
            held = set(state.partitions)
            for change in changes:
                name = change.partition.name
                if name in held or change.add:
                    self._make(state, name)
                    held.add(name)
                    self._change(self._index(state, name), change)
            after = replace(state, partitions=tuple(sorted(held)), generation=state.generation + 1)
            self._refresh(after)
            self._publish(after)
        return self.generation

    def replace_case(self, case_id: str, documents: Iterable[PageDocument]) -> int:
        """Remove the case where it lay and will not lie any more, then put its documents in place."""
        by_partition: dict[Partition, list[PageDocument]] = {}
        for document in documents:
            by_partition.setdefault(document.partition, []).append(document)
        left = set(self.page_ids(case_id).values()) - by_partition.keys()
        changes = [Change(partition, remove_cases=(case_id,)) for partition in sorted(left, key=_name)]
        changes += [
            Change(partition, add=by_partition[partition], remove_cases=(case_id,))
            for partition in sorted(by_partition, key=_name)
        ]
        return self.apply(changes)

    def delete_case(self, case_id: str) -> int:
        """Leave nothing of the case."""
        return self.replace_case(case_id, ())

    def clear(self) -> None:
        """Leave an empty index."""
        self.finish_rebuild(self.start_rebuild())

    def start_rebuild(self) -> ElasticsearchBackend:
        """A new build beside the live one, written by this same process."""
        with self._writing(another_form=True) as live:
            self._delete(self._indices() - set(self._names(live)))
            beside = _State(build=live.build + 1, generation=live.generation)
            return ElasticsearchBackend(self._settings, self._lock, self._client, beside)

    def finish_rebuild(self, rebuilt: SearchBackend) -> None:
        """Make the build that `start_rebuild` gave the live one, and remove the old."""
        if not isinstance(rebuilt, ElasticsearchBackend) or rebuilt._beside is None:  # noqa: SLF001 - our own
            raise TypeError("only what start_rebuild gave can be finished")
        with self._writing(another_form=True) as old:
            state = replace(rebuilt._beside, generation=old.generation + 1)  # noqa: SLF001 - as above
            self._publish(state)
            self._delete(self._indices() - set(self._names(state)))

    @contextmanager
    def _writing(self, *, another_form: bool = False) -> Iterator[_State]:
        """Hold the lock; what a killed writer had written and not refreshed is seen from the first write on."""
        try:
            if self._lock.acquire():
                self._prepare()
            state = self._state()
            if state.build == 0:
                state = replace(state, build=1)
            elif state.form != FORM and not another_form:
                raise UnavailableError(_OTHER_FORM)
            yield state
        except (ApiError, TransportError, BulkIndexError) as error:
            raise UnavailableError(_NOT_WRITTEN) from error

    def _prepare(self) -> None:
        """What the first write needs; where it fails, the next one is the first again."""
        try:
            self._make_ready()
        except (ApiError, TransportError):
            self._lock.release()
            raise

    def _make_ready(self) -> None:
        made = template([f"{self._prefix}-build-*"], self._settings.shards, self._settings.replicas)
        self._client.indices.put_index_template(name=f"{self._prefix}-build", priority=500, **made)
        if not self._client.indices.exists(index=self._state_index):
            copies = {"number_of_shards": 1, "number_of_replicas": self._settings.replicas}
            self._client.indices.create(index=self._state_index, settings=copies, mappings={"dynamic": False})
        if names := self._indices():
            self._client.indices.refresh(index=sorted(names))

    def _make(self, state: _State, partition: str) -> None:
        """Make the index of a partition, unless it is there."""
        name = self._index(state, partition)
        if partition not in state.partitions and not self._client.indices.exists(index=name):
            self._client.indices.create(index=name)

    def _change(self, index: str, change: Change) -> None:
        """One partition's change as one stream, deletions first."""
        gone = set(change.remove_pages)
        for case_id in change.remove_cases:
            gone |= self._ids_in(index, case_id)
        gone -= {document.page_id for document in change.add}
        removed = ({"_op_type": "delete", "_index": index, "_id": page_id} for page_id in sorted(gone))
        added = ({"_index": index, "_id": each.page_id, "_source": to_elastic(each)} for each in change.add)
        for done, result in streaming_bulk(self._client, removed, raise_on_error=False):
            if not done and result["delete"]["status"] != MISSING:
                raise BulkIndexError("a deletion failed", [result])
        bulk(self._client, added)

    def _ids_in(self, index: str, case_id: str) -> set[str]:
        return {page_id for _, page_id in self._read([index], lambda engine: engine.ids(has("case", case_id)))}

    def _refresh(self, state: _State) -> None:
        if names := self._names(state):
            self._client.indices.refresh(index=names)

    def _publish(self, state: _State) -> None:
        if self._beside is not None:
            self._beside = state
            return
        held = self._stored()
        check = {"op_type": "create"} if held is None else {"if_seq_no": held[1], "if_primary_term": held[2]}
        self._client.index(index=self._state_index, id=STATE_ID, document=asdict(state), **check)
        live = [{"add": {"index": name, "alias": f"{self._prefix}-live"}} for name in self._names(state)]
        if live:
            self._client.indices.update_aliases(actions=live)

    def _delete(self, names: set[str]) -> None:
        if names:
            self._client.indices.delete(index=sorted(names), ignore_unavailable=True)

    # reading

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer a search over the permitted partitions that exist."""
        nothing = SearchResponse(0, (), {name: {} for name in request.facets})
        return self._over(request.partitions, lambda engine: answer(engine, request), nothing)

    def count(self, request: SearchRequest) -> int:
        """The exact number of hits."""
        return self._over(request.partitions, lambda engine: engine.counted(request.full_condition)[0], 0)

    def page_ids(self, case_id: str) -> Mapping[str, Partition]:
        """Every document of a case with its partition."""
        nothing: list[tuple[str, str]] = []
        found = self._over(None, lambda engine: engine.ids(has("case", case_id)), nothing)
        return {page_id: self._partition(index) for index, page_id in found}

    def case_ids(self) -> frozenset[str]:
        """Every case that has a document."""
        nothing: set[str] = set()
        return frozenset(self._over(None, lambda engine: engine.cases(), nothing))

    def _over(
        self, wanted: Iterable[Partition] | None, ask: Callable[[ElasticEngine], Answer], nothing: Answer
    ) -> Answer:
        """Ask within the wanted partitions that exist; once more where a build was replaced underneath."""
        permitted = None if wanted is None else {partition.name for partition in wanted}

        def once() -> Answer:
            state = self._state()
            if state.build and state.form != FORM:
                raise UnavailableError(_OTHER_FORM)
            names = self._names(state, permitted)
            return self._read(names, ask) if names else nothing  # no name would mean every index there is

        try:
            return once()
        except (ApiError, TransportError):
            return self._asked(once)

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except (ApiError, TransportError) as error:
            raise UnavailableError(_SILENT) from error

    def _read(self, names: list[str], ask: Callable[[ElasticEngine], Answer]) -> Answer:
        opened = self._client.open_point_in_time(index=names, keep_alive=KEEP_ALIVE, allow_partial_search_results=False)
        engine = ElasticEngine(self._client, opened["id"])
        try:
            return ask(engine)
        finally:
            self._client.close_point_in_time(id=engine.point)

    # names and state

    @property
    def _prefix(self) -> str:
        return self._settings.prefix

    @property
    def _state_index(self) -> str:
        return f"{self._prefix}-state"

    def _index(self, state: _State, partition: str) -> str:
        return f"{self._prefix}-build-{state.build:06d}-{partition}"

    def _names(self, state: _State, permitted: set[str] | None = None) -> list[str]:
        return [self._index(state, name) for name in state.partitions if permitted is None or name in permitted]

    def _partition(self, index: str) -> Partition:
        return Partition.parse(index.removeprefix(f"{self._prefix}-build-").partition("-")[2])

    def _indices(self) -> set[str]:
        """Every index of this archive that holds documents."""
        return set(self._client.indices.get(index=f"{self._prefix}-build-*", allow_no_indices=True, features="aliases"))

    def _state(self) -> _State:
        if self._beside is not None:
            return self._beside
        held = self._asked(self._stored)
        return held[0] if held else _State()

    def _stored(self) -> tuple[_State, int, int] | None:
        """The state as last written (it needs no refresh), with what tells whether another wrote meanwhile."""
        try:
            found: Any = self._client.get(index=self._state_index, id=STATE_ID)
        except NotFoundError:
            return None
        values = found["_source"]
        state = _State(**{**values, "partitions": tuple(values["partitions"])})
        return state, found["_seq_no"], found["_primary_term"]


def _connect(settings: ElasticSettings) -> Elasticsearch:
    safe: dict[str, Any] = {"ca_certs": str(settings.ca)} if settings.ca else {}
    return Elasticsearch(
        list(settings.urls),
        api_key=settings.api_key,
        request_timeout=settings.timeout,
        max_retries=settings.retries,
        retry_on_timeout=True,
        **safe,
    )


def _name(partition: Partition) -> str:
    return partition.name
