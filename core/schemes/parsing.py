"""From JSON documents to schemes; a document that contradicts itself is refused by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.schemes.fields import Fields
from core.schemes.landmarks import Contour, Indices, LandmarkScheme, mirror_by_name, point_map
from core.schemes.masks import Lookup, MaskClass, MaskScheme

FORMAT_VERSION = 1
MAX_POINTS = 1000
MAX_CLASSES = 255
"""Class 255 stays free: data sets use it for "ignore"."""


def landmark_scheme(fields: Fields, bundled: Mapping[str, Sequence[str]]) -> LandmarkScheme:
    """Build a landmark scheme.

    Args:
        fields: The document.
        bundled: Point names of the schemes that maps are made to, by scheme name.

    Raises:
        InputError: Naming file and field.
    """
    _check_header(fields, "landmarks")
    names = _unique(fields, "points", fields.texts("points"), MAX_POINTS)
    count = len(names)
    pair = fields.indices("normalising_pair", count)
    if len(pair) != 2 or pair[0] == pair[1]:
        fields.fail("normalising_pair", "does not name two different points")
    components = _components(fields, count)
    scheme = LandmarkScheme(
        name=fields.text("name"),
        title=fields.text("title"),
        point_names=names,
        contours=tuple(_contour(item, count) for item in fields.objects("contours")),
        mirror=_mirror(fields, names),
        normalising_pair=(pair[0], pair[1]),
        components={item.text("name"): item.indices("points", count) for item in components},
        maps={target: point_map(names, other) for target, other in bundled.items()},
        component_colours={item.text("name"): item.colour("colour") for item in components},
        derived=_derived(fields.object("derived", {}), names),
        sparse_formats=_sparse_formats(fields.object("sparse_formats", {}), count),
        note=fields.text("note", ""),
    )
    fields.done()
    return scheme


def mask_scheme(fields: Fields, load: Callable[[str], MaskScheme]) -> MaskScheme:
    """Build a mask scheme.

    Args:
        fields: The document.
        load: Gives the schemes that maps lead to, so that maps of maps are there too.

    Raises:
        InputError: Naming file and field.
    """
    _check_header(fields, "masks")
    items = fields.objects("classes")
    classes = tuple(
        MaskClass(item.text("name"), item.colour("colour"), item.text("title")) for item in items
    )
    for item in items:
        item.done()
    names = _unique(fields, "classes", [item.name for item in classes], MAX_CLASSES)
    if names[0] != "background":
        fields.fail("classes[0].name", 'is not "background"')
    name = fields.text("name")
    scheme = MaskScheme(
        name=name,
        title=fields.text("title"),
        classes=classes,
        mirror=_mirror(fields, names),
        maps={name: _frozen(np.arange(len(names), dtype=np.uint8))}
        | _class_maps(fields.object("maps", {}), names, load),
        note=fields.text("note", ""),
    )
    fields.done()
    return scheme


def _check_header(fields: Fields, kind: str) -> None:
    version = fields.whole("format_version")
    if version != FORMAT_VERSION:
        fields.fail("format_version", f"is {version}; this program reads {FORMAT_VERSION}")
    if fields.text("kind") != kind:
        fields.fail("kind", f'is not "{kind}"')
    if not fields.text("name"):
        fields.fail("name", "is empty")


def _unique(fields: Fields, field: str, names: Sequence[str], most: int) -> tuple[str, ...]:
    if not 1 <= len(names) <= most:
        fields.fail(field, f"has {len(names)} entries; 1 … {most} are possible")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        fields.fail(field, f'has "{twice[0]}" twice')
    return tuple(names)


def _contour(item: Fields, count: int) -> Contour:
    kind = item.text("kind", "spline")
    if kind != "spline" and kind != "line":
        item.fail("kind", f'is "{kind}"; "spline" and "line" are possible')
    closed = item.flag("closed", False)
    points = item.indices("points", count)
    if len(points) < (3 if closed else 2):
        item.fail("points", "has too few points for a curve")
    contour = Contour(item.text("name"), points, closed, "spline" if kind == "spline" else "line")
    item.done()
    return contour


def _components(fields: Fields, count: int) -> list[Fields]:
    items = fields.objects("components")
    owners: dict[int, str] = {}
    for item in items:
        name = item.text("name")
        for point in item.indices("points", count):
            if point in owners:
                item.fail("points", f'has point {point}, which is in "{owners[point]}" already')
            owners[point] = name
        item.colour("colour")
        item.done()
    _unique(fields, "components", [item.text("name") for item in items], count)
    missing = sorted(set(range(count)) - set(owners))
    if missing:
        fields.fail("components", f"leave out point {missing[0]}")
    return items


def _mirror(fields: Fields, names: Sequence[str]) -> Indices:
    """By `right_`/`left_` names, or by the document's own list of pairs."""
    pairs = fields.items("mirror_pairs", [])
    if not pairs:
        return mirror_by_name(names)
    mirror = np.arange(len(names), dtype=np.int64)
    listed = Fields(fields.path, {f"mirror_pairs[{i}]": pair for i, pair in enumerate(pairs)})
    for field in listed.names():
        pair = listed.indices(field, len(names))
        if len(pair) != 2:
            listed.fail(field, "is not a pair")
        first, second = pair
        if first == second or mirror[first] != first or mirror[second] != second:
            listed.fail(field, "repeats a point")
        mirror[first], mirror[second] = second, first
    mirror.flags.writeable = False
    return mirror


def _derived(item: Fields, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    found = {}
    for target in item.names():
        if target in names:
            item.fail(target, "is a point of this scheme already")
        found[target] = item.indices(target, len(names))
        if not found[target]:
            item.fail(target, "is the mean of no point")
    return found


def _sparse_formats(item: Fields, count: int) -> dict[str, tuple[int, ...]]:
    found = {}
    for name in item.names():
        found[name] = item.indices(name, count)
        if len(set(found[name])) != len(found[name]):
            item.fail(name, "has a point twice")
    return found


def _class_maps(
    item: Fields, names: Sequence[str], load: Callable[[str], MaskScheme]
) -> dict[str, Lookup]:
    """The maps the document lists, and those that follow by way of them."""
    direct: dict[str, Lookup] = {}
    further: dict[str, Lookup] = {}
    for target in item.names():
        coarse = load(target)
        lookup = _lookup(item.object(target), names, coarse.class_names)
        direct[target] = lookup
        for beyond, onward in coarse.maps.items():
            further.setdefault(beyond, _frozen(onward[lookup]))
    return further | direct


def _lookup(item: Fields, names: Sequence[str], coarse: Sequence[str]) -> Lookup:
    """From {coarse class: [classes here]}; classes that are not listed become background."""
    lookup = np.zeros(len(names), dtype=np.uint8)
    listed: set[str] = set()
    for target in item.names():
        if target not in coarse:
            item.fail(target, f"is no class there; known: {', '.join(coarse)}")
        for source in item.texts(target):
            if source not in names or source in listed:
                item.fail(target, f'has "{source}", which is unknown or listed twice')
            listed.add(source)
            lookup[names.index(source)] = coarse.index(target)
    return _frozen(lookup)


def _frozen(lookup: Lookup) -> Lookup:
    lookup.flags.writeable = False
    return lookup
