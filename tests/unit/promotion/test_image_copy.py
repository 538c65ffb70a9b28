"""An image is moved between registries byte for byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aerodrome.clients.image_copy import copy
from aerodrome.errors import AerodromeError
from image_storage import INDEX, OCI, Store, digest


def _image(store: Store) -> str:
    document: dict[str, Any] = {
        "config": store.put(b"{}"),
        "layers": [store.put(b"base" * 9_000_000), store.put(b"code")],
    }
    return store.keep(OCI, document)


def test_an_image_keeps_its_digest(ours: Store, theirs: Store) -> None:
    """With its configuration and every layer, also one that is larger than a piece."""
    found = _image(ours)
    copy(ours.place, found, theirs.place, "t1", lambda _: None)
    assert theirs.manifests["t1"] == ours.manifests[found] and theirs.blobs == ours.blobs


def test_a_list_of_images_brings_each_of_them(ours: Store, theirs: Store) -> None:
    """One for each kind of machine."""
    found = _image(ours)
    several = ours.keep(INDEX, {"manifests": [{"digest": found, "mediaType": OCI}]})
    copy(ours.place, several, theirs.place, "t1", lambda _: None)
    assert theirs.manifests["t1"] == ours.manifests[several] and found in theirs.manifests


def test_what_is_there_is_not_sent_again(ours: Store, theirs: Store) -> None:
    """Tenants' images share the layers of the platform's."""
    found = _image(ours)
    theirs.put(b"base" * 9_000_000)
    copy(ours.place, found, theirs.place, "t1", lambda _: None)
    assert len([path for path in theirs.sent if "/uploads/" in path]) == 2


def test_a_layer_of_another_image_is_taken_from_there(ours: Store, theirs: Store) -> None:
    """By the registry itself; one that does not have it any more is sent it."""
    found, base = _image(ours), b"base" * 9_000_000
    theirs.elsewhere[digest(base)] = base
    layers = {digest(base): "x/other", digest(b"code"): "x/other"}
    copy(ours.place, found, replace(theirs.place, layers=layers), "t1", lambda _: None)
    assert theirs.blobs == ours.blobs and len(theirs.sent) == 3
    assert layers == {digest(base): "x/other", digest(b"code"): "x/platform", digest(b"{}"): "x/platform"}


def test_who_may_not_push_is_told_how_to_log_in(ours: Store, theirs: Store) -> None:
    """Before anything is read."""
    theirs.refuses, host = True, theirs.place.registry.host
    with pytest.raises(AerodromeError) as told:
        copy(ours.place, _image(ours), theirs.place, "t1", lambda _: None)
    assert f"{host}/x/platform: the registry refuses (403)" in str(told.value)
    assert f"buildah login {host}" in str(told.value) and theirs.sent == []


def test_an_image_that_is_not_there_is_named(ours: Store, theirs: Store) -> None:
    """By its repository and its digest."""
    with pytest.raises(
        AerodromeError, match=r"/x/platform: HEAD /v2/x/platform/manifests/sha256:1.* with 404"
    ):
        copy(ours.place, "sha256:1", theirs.place, "t1", lambda _: None)
