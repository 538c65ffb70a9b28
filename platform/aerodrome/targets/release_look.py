"""What a deploy of the release would change: Helm's rendering against the live objects, tried by the API server."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aerodrome.clients.cluster import Object
from aerodrome.clients.cluster_objects import Objects, Tried
from aerodrome.clients.cluster_pods import hidden
from aerodrome.clients.cluster_rollout import KINDS, Workload
from aerodrome.clients.helm import Content, Hook, Template
from aerodrome.errors import UserError
from aerodrome.plan import Action, Change
from aerodrome.targets import release_difference as difference
from aerodrome.targets.release_source import Sources

TARGET = "release"
_KEEP = "helm.sh/resource-policy"
_DELETED_AFTER = "helm.sh/hook-delete-policy"
_WITHOUT_DATA = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace"})
"""Recreating one of these would lose what it holds."""
_INSTALL, _UPGRADE = ("pre-install", "post-install"), ("pre-upgrade", "post-upgrade")
_RUNS = frozenset({"Job", "Pod"})


@dataclass(frozen=True)
class Compared:
    """One object that differs, and how it is told."""

    change: Change
    body: Mapping[str, Any] = field(repr=False)
    recreate: bool = False


@dataclass(frozen=True)
class Comparison:
    """Compares the release as it is stored (*before*; None: never installed) with *after*, what would be."""

    objects: Objects
    release: str
    before: Content | None
    after: Content
    absent: frozenset[str]
    sources: Sources

    def differing(self) -> tuple[Compared, ...]:
        """Return each object that an apply creates, updates or deletes; UserError for what cannot be applied."""
        wanted = self._wanted()
        earlier = _by_key(self.objects, self._earlier())
        known = [earlier.get(_key(self.objects, one.body)) for one in wanted]
        tried = self.objects.attempt(
            [one.body for one in wanted],
            self.absent,
            lambda position, after: _without_gone(after, known[position], wanted[position].body),
        )
        self._refuse(wanted, tried)
        found = [self._compared(*three) for three in zip(wanted, tried, known, strict=True)]
        return (*(one for one in found if one), *self._gone(wanted, earlier), *self._runs())

    def secrets(self) -> frozenset[str]:
        """Return the texts of all Secrets of the release, which are shown to nobody."""
        contents = [content for content in (self.before, self.after) if content]
        bodies = [one.body for content in contents for one in content.objects]
        bodies += [hook.body for content in contents for hook in content.hooks]
        return frozenset(text for body in bodies if body.get("kind") == "Secret" for text in _texts(body))

    def hooks(self) -> tuple[Hook, ...]:
        """Return the hooks that Helm runs this time."""
        events = _UPGRADE if self.before else _INSTALL
        return tuple(hook for hook in self.after.hooks if set(events) & set(hook.events))

    def _wanted(self) -> list[Template]:
        kept = [Template(hook.body, hook.source) for hook in self.hooks() if _stays(hook)]
        return [Template(self._owned(one.body), one.source) for one in self.after.objects] + kept

    def _earlier(self) -> list[Object]:
        if self.before is None:
            return []
        hooks = [hook.body for hook in self.before.hooks if _stays(hook)]
        return [self._owned(one.body) for one in self.before.objects] + hooks

    def _owned(self, body: Mapping[str, Any]) -> Object:
        """Return *body* with what Helm writes on each object of a release."""
        metadata = body["metadata"]
        labels = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
        annotations = {
            **(metadata.get("annotations") or {}),
            "meta.helm.sh/release-name": self.release,
            "meta.helm.sh/release-namespace": self.objects.namespace,
        }
        return {**body, "metadata": {**metadata, "labels": labels, "annotations": annotations}}

    def _compared(self, wanted: Template, tried: Tried, earlier: Object | None) -> Compared | None:
        if tried.live is None:
            if earlier is not None and wanted.body["kind"] == "Job" and earlier == wanted.body:
                # It has run, and Kubernetes has removed it since.
                return None
            why = "not there any more" if earlier is not None else "not there yet"
            return self._made("create", wanted, why)
        if tried.refused:
            return self._recreated(wanted, tried.refused.args[0])
        found = difference.planned(tried.live, tried.after or {}, wanted.body)
        return self._updated(wanted, found) if found else None

    def _made(self, action: Action, wanted: Template, why: str) -> Compared:
        after = difference.digest(difference.without_secrets(wanted.body))
        return self._told(action, wanted, why, {}, ("", after))

    def _updated(self, wanted: Template, found: difference.Differences) -> Compared:
        kind = wanted.body["kind"]
        return self._told(
            "update", wanted, difference.told(kind, found), found, difference.digests(kind, found)
        )

    def _recreated(self, wanted: Template, message: str) -> Compared:
        after = difference.digest(difference.without_secrets(wanted.body))
        why = f"must be recreated: {hidden(message, list(_texts(wanted.body)))}"
        template: difference.Differences = {("spec", "template"): (None, None)}
        return replace(self._told("update", wanted, why, template, ("", after)), recreate=True)

    def _gone(self, wanted: Sequence[Template], earlier: Mapping[str, Object]) -> Iterator[Compared]:
        keys = {_key(self.objects, one.body) for one in wanted}
        # Helm leaves hooks of earlier releases where they are.
        mine = [self._owned(one.body) for one in self.before.objects] if self.before else []
        bodies = [body for body in mine if _key(self.objects, body) not in keys]
        for body, live in zip(bodies, self.objects.find(bodies), strict=True):
            kept = ((live or body)["metadata"].get("annotations") or {}).get(_KEEP) == "keep"
            if live is not None and not kept:
                before = difference.digest(difference.without_secrets(body))
                gone = Template(body, "")
                yield self._told("delete", gone, "the release has it no more", {}, (before, ""))

    def _runs(self) -> Iterator[Compared]:
        """Yield the hooks that run something else than before."""
        if self.before is None:
            earlier: Mapping[str, Object] = {}
        else:
            earlier = _by_key(self.objects, [hook.body for hook in self.before.hooks])
        for hook in self.hooks():
            if _stays(hook):
                continue
            template, before = Template(hook.body, hook.source), earlier.get(_key(self.objects, hook.body))
            if before is None:
                yield self._made("create", template, "runs while the release is applied")
            elif found := difference.differences(before, hook.body):
                yield self._updated(template, found)

    def _refuse(self, wanted: Sequence[Template], tried: Sequence[Tried]) -> None:
        refused = [
            f"{self._what(one.body)} ({self.sources.of(one.source)}): "
            + hidden(str(outcome.refused.args[0]), list(_texts(one.body)))
            for one, outcome in zip(wanted, tried, strict=True)
            if outcome.refused and not (outcome.refused.immutable and one.body["kind"] not in _WITHOUT_DATA)
        ]
        if refused:
            raise UserError("the API server refuses " + "\n".join(refused), "mend the values or the template")

    def _told(
        self,
        action: Action,
        wanted: Template,
        why: str,
        found: difference.Differences,
        digests: tuple[str, str],
    ) -> Compared:
        kind, what = wanted.body["kind"], self._what(wanted.body)
        change = Change(
            TARGET,
            action,
            what,
            why,
            difference.risk(kind, action, found),
            reversible=not (action == "delete" and kind in _WITHOUT_DATA),
            kind=kind,
            name=what.partition(" ")[2],
            source=self.sources.of(wanted.source) if wanted.source else self.sources.chart,
            before=digests[0],
            after=digests[1],
        )
        return Compared(change, wanted.body)

    def _what(self, body: Mapping[str, Any]) -> str:
        namespace = self.objects.namespace_of(body)
        inside = "" if namespace in ("", self.objects.namespace) else f"{namespace}/"
        return f"{body['kind']} {inside}{body['metadata']['name']}"


def workloads(content: Content, objects: Objects) -> tuple[Workload, ...]:
    """Return what a deploy of *content* waits for."""
    return tuple(_workload(one.body, objects) for one in content.objects if one.body["kind"] in KINDS)


def jobs(hooks: Sequence[Hook], objects: Objects) -> tuple[Workload, ...]:
    """Return the jobs among *hooks*."""
    return tuple(_workload(hook.body, objects) for hook in hooks if hook.body.get("kind") == "Job")


def _workload(body: Mapping[str, Any], objects: Objects) -> Workload:
    return Workload(objects.namespace_of(body), body["kind"], body["metadata"]["name"])


def _stays(hook: Hook) -> bool:
    """Return whether *hook* is an object that is there between deploys, and not something that runs."""
    policy = (hook.body["metadata"].get("annotations") or {}).get(_DELETED_AFTER, "")
    return hook.body["kind"] not in _RUNS and "hook-succeeded" not in policy


def _without_gone(after: Object, earlier: Object | None, wanted: Object) -> Object:
    return difference.without_removed(after, earlier, wanted) if earlier else after


def _by_key(objects: Objects, bodies: Sequence[Mapping[str, Any]]) -> dict[str, Object]:
    return {_key(objects, body): dict(body) for body in bodies}


def _key(objects: Objects, body: Mapping[str, Any]) -> str:
    group = str(body["apiVersion"]).rpartition("/")[0]
    # A newer version of its API makes no other object of it.
    return f"{group} {body['kind']} {body['metadata'].get('namespace') or objects.namespace}/{body['metadata']['name']}"


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that a Secret holds, as they are and encoded."""
    if body.get("kind") != "Secret":
        return
    for encoded in map(str, (body.get("data") or {}).values()):
        yield encoded
        try:
            yield b64decode(encoded).decode()
        except (NotBase64, ValueError):
            continue
    yield from map(str, (body.get("stringData") or {}).values())
