"""Things in front of faces: hands with fingers, microphones, cups, scarves, masks, blobs, hair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis import textures
from core.synthesis.accessories import face_mask, in_head, to_world
from core.synthesis.look import skin_tone
from core.synthesis.solids import Solid, ellipsoid, merged, tube
from core.synthesis.subject import ExtraMesh, Subject
from core.synthesis.template import Part, PosedHead

FloatArray = NDArray[np.floating]

KINDS = ("hand", "microphone", "cup", "scarf", "mask", "blob", "phone", "strands")
_WEIGHTS = (0.36, 0.12, 0.08, 0.08, 0.1, 0.1, 0.06, 0.1)


def sample_kind(rng: np.random.Generator) -> str:
    """A kind of occluder."""
    return str(rng.choice(KINDS, p=np.array(_WEIGHTS) / sum(_WEIGHTS)))


def build_occluder(
    kind: str,
    seed: int,
    subject: Subject,
    posed: PosedHead,
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> tuple[ExtraMesh, ...]:
    """One occluder in front of a posed head.

    Args:
        kind: One of `KINDS`.
        seed: Of its form and place; equal seeds give equal meshes on equal heads.
        subject: Whose skin a hand may share.
        posed: The head.
        shift: Moves it in the head's axes, decimetres (passing occluders).

    Raises:
        ValueError: If the kind is unknown.
    """
    rng = np.random.default_rng(seed)
    marks = in_head(posed, posed.anchors.ibug68)
    if kind == "mask":
        return (face_mask(subject, posed, seed),)
    makers = {
        "hand": _hand, "microphone": _microphone, "cup": _cup, "scarf": _scarf,
        "blob": _blob, "phone": _phone, "strands": _strands,
    }  # fmt: skip
    if kind not in makers:
        raise ValueError(f"no occluder is called {kind!r}; there are {', '.join(KINDS)}")
    pieces = makers[kind](rng, subject, marks)
    offset = np.asarray(shift, np.float32)
    return tuple(
        ExtraMesh(
            to_world(posed, solid.vertices + offset), solid.triangles, solid.uv,
            Part.HAIR if kind == "strands" else Part.OCCLUDER, texture, response,
            two_sided=True,
        )
        for solid, texture, response in pieces
    )  # fmt: skip


Pieces = list[tuple[Solid, textures.Texture, str]]


def _place(rng: np.random.Generator, marks: FloatArray, lift: float) -> FloatArray:
    """A point in front of the face: near an eye, a cheek, the mouth, the chin, the forehead."""
    target = marks[int(rng.choice([8, 4, 12, 51, 57, 30, 36, 45, 19, 24, 2, 14, 48, 54]))]
    spread = rng.normal(0, 0.12, 3) * [1, 1, 0]
    return (target + spread + [0, 0, lift]).astype(np.float32)


def _hand_texture(rng: np.random.Generator, subject: Subject) -> textures.Texture:
    """The subject's own skin, or somebody else's, or a glove."""
    rgb = np.asarray(subject.look.skin_rgb, np.float32) * np.float32(rng.uniform(0.8, 1.15))
    chance = rng.random()
    if chance < 0.35:
        rgb = skin_tone(float(rng.random()), float(rng.normal(0, 0.5)))
    elif chance < 0.42:
        rgb = rng.uniform(0.02, 0.8, 3).astype(np.float32)
    colour = np.clip(rgb, 0.01, 0.9) * (1 + 0.06 * rng.normal(size=(24, 24, 1)))
    return np.dstack([textures.to_srgb(colour) * 255, np.full((24, 24), 60.0)]).astype(np.uint8)


def _hand(rng: np.random.Generator, subject: Subject, marks: FloatArray) -> Pieces:
    """Palm, four bent fingers, a thumb and a forearm that leaves the picture."""
    size = float(rng.uniform(0.85, 1.15)) * float(np.linalg.norm(marks[45] - marks[36])) / 0.9
    angle = float(rng.uniform(-2.4, 2.4))  # where the fingers point, from up
    side = 1.0 if rng.random() < 0.5 else -1.0
    up = np.array([np.sin(angle), np.cos(angle), 0.0])
    out = np.array([0.0, 0.0, 1.0]) + rng.normal(0, 0.15, 3)
    across = np.cross(up, out)
    across, out = across / np.linalg.norm(across), np.cross(across, up) * 1.0
    out = np.cross(up, -across) * -1.0 if out[2] < 0 else out
    frame = np.stack([across * side, up, out]).astype(np.float32)
    bend, spread = float(rng.uniform(0.05, 1.0)), float(rng.uniform(0.02, 0.22))
    parts = [ellipsoid(np.zeros(3, np.float32), np.diag([0.42, 0.48, 0.15]).astype(np.float32))]
    for k, (x, length) in enumerate(
        zip((-0.3, -0.1, 0.1, 0.29), (0.82, 0.95, 0.91, 0.72), strict=True)
    ):
        own = bend * float(rng.uniform(0.7, 1.3))
        parts.append(_finger(np.array([x, 0.2, 0.0]), (k - 1.5) * spread, own, length, 0.095))
    parts.append(
        _finger(np.array([-0.2, -0.2, 0.03]), -float(rng.uniform(0.4, 1.1)), 0.3 * bend, 0.56, 0.11)
    )
    wrist = np.array(
        [[0, -0.36, 0], [0, -0.8, -0.02], [0.1, -2.6, rng.uniform(-0.2, 0.8)]], np.float32
    )
    parts.append(tube(wrist, np.array([0.26, 0.25, 0.38], np.float32), 12))
    hand = merged(parts)
    centre = _place(rng, marks, float(rng.uniform(0.2, 0.5))) - 0.35 * size * frame[1]
    placed = Solid(centre + size * hand.vertices @ frame, hand.triangles, hand.uv)
    return [(placed, _hand_texture(rng, subject), "skin")]


def _finger(root: FloatArray, splay: float, bend: float, length: float, radius: float) -> Solid:
    """Three phalanges that bend towards the palm (−z)."""
    points, angle = [root], 0.2 * bend
    for share in (0.52, 0.26, 0.22):
        step = np.array(
            [np.sin(splay) * np.cos(angle), np.cos(splay) * np.cos(angle), -np.sin(angle)]
        )
        points.append(points[-1] + share * length * step)
        angle += bend
    radii = np.array([1.0, 0.95, 0.88, 0.78], np.float32) * radius
    return tube(np.array(points, np.float32), radii, 9)


def _microphone(rng: np.random.Generator, subject: Subject, marks: FloatArray) -> Pieces:
    radius = float(rng.uniform(0.18, 0.32))
    head = marks[57] + [rng.normal(0, 0.2), rng.uniform(-0.45, 0.1), radius + rng.uniform(0.1, 0.4)]
    lean = np.array([rng.normal(0, 0.5), -1.0, rng.uniform(0.1, 0.8)])
    lean /= np.linalg.norm(lean)
    ball = ellipsoid(head.astype(np.float32), np.eye(3, dtype=np.float32) * radius)
    path = np.stack([head + lean * radius * 0.8, head + lean * 3.0]).astype(np.float32)
    handle = tube(path, np.array([radius * 0.55, radius * 0.42], np.float32), 12)
    grey = float(rng.uniform(0.02, 0.4))
    net = textures.cloth(rng, np.full(3, grey, np.float32))
    return [
        (ball, net, "metal"),
        (handle, textures.flat(np.full(3, rng.uniform(0.005, 0.1))), "plastic"),
    ]


def _cup(rng: np.random.Generator, subject: Subject, marks: FloatArray) -> Pieces:
    radius = float(rng.uniform(0.3, 0.42))
    top = marks[57] + [rng.normal(0, 0.1), rng.uniform(-0.2, 0.3), radius + 0.08]
    tilt = np.array([0, -1.0, rng.uniform(0.0, 0.6)])
    tilt /= np.linalg.norm(tilt)
    path = np.stack([top, top + tilt * rng.uniform(0.7, 1.1)]).astype(np.float32)
    body = tube(path, np.array([radius, radius * rng.uniform(0.7, 1)], np.float32), 18)
    angle = np.linspace(-1.4, 1.4, 8)
    middle = path.mean(0)
    ring = np.stack([np.cos(angle) * 0.3 + radius * 0.8, np.sin(angle) * 0.28, np.zeros(8)], 1)
    handle = tube(
        (middle + ring * [1 if rng.random() < 0.5 else -1, 1, 1]).astype(np.float32), 0.06
    )
    colour = rng.uniform(0.02, 0.9, 3).astype(np.float32)
    return [(merged([body, handle]), textures.cloth(rng, colour), "plastic")]


def _scarf(rng: np.random.Generator, subject: Subject, marks: FloatArray) -> Pieces:
    """Coils round neck and chin, up to the nose."""
    cloth = textures.cloth(rng, rng.uniform(0.02, 0.9, 3).astype(np.float32), 96)
    top = marks[8, 1] + float(rng.uniform(-0.1, 0.65))
    coils = []
    angle = np.linspace(np.pi, 3 * np.pi + 0.15, 27)  # the ends overlap behind the neck
    wide = float(np.abs(marks[[4, 12], 0]).mean())
    for k in range(4):
        swell = 1.0 + 0.08 * k + 0.05 * np.sin(3 * angle + rng.uniform(0, 6))
        x, z = np.sin(angle) * (wide + 0.18) * swell, np.cos(angle) * 1.05 * swell
        y = top - 0.12 - 0.26 * k + 0.06 * np.sin(2 * angle + rng.uniform(0, 6))
        path = np.stack([x, y, z + marks[8, 2] - 0.95], 1).astype(np.float32)
        coils.append(tube(path, float(rng.uniform(0.17, 0.24)), 8, caps=False))
    return [(merged(coils), cloth, "cloth")]


def _blob(rng: np.random.Generator, subject: Subject, marks: FloatArray) -> Pieces:
    """A lump of any colour and pattern: a bag, a head of hair in front, fruit, a ball."""
    centre = _place(rng, marks, float(rng.uniform(0.4, 1.0)))
    axes = np.diag(rng.uniform(0.2, 0.8, 3) * [1, 1, 0.5]).astype(np.float32)
    ball = ellipsoid(centre, axes, 12, 18)
    bumps = 1.0 + 0.25 * np.sin(ball.vertices @ rng.normal(0, 4, (3, 3))).mean(1, keepdims=True)
    lump = Solid(
        (centre + (ball.vertices - centre) * bumps).astype(np.float32), ball.triangles, ball.uv
    )
    colour = (
        skin_tone(float(rng.random()), 0.0) if rng.random() < 0.3 else rng.uniform(0.01, 0.9, 3)
    )
    return [(lump, textures.cloth(rng, np.asarray(colour, np.float32), 96), "cloth")]


def _phone(rng: np.random.Generator, subject: Subject, marks: FloatArray) -> Pieces:
    """A flat box held before the face."""
    centre = _place(rng, marks, 0.6)
    size = float(rng.uniform(0.8, 1.2))
    turn = float(rng.normal(0, 0.5))
    x = np.array([np.cos(turn), np.sin(turn), 0]) * 0.36 * size
    y = np.array([-np.sin(turn), np.cos(turn), 0]) * 0.74 * size
    path = np.stack([centre - y, centre + y]).astype(np.float32)
    slab = tube(path, float(np.linalg.norm(x)), 4, caps=True)
    flat = slab.vertices.copy()
    flat[:, 2] = centre[2] + (flat[:, 2] - centre[2]) * 0.12
    colour = np.full(3, rng.uniform(0.005, 0.5), np.float32)
    return [(Solid(flat, slab.triangles, slab.uv), textures.flat(colour, 255), "plastic")]


def _strands(rng: np.random.Generator, subject: Subject, marks: FloatArray) -> Pieces:
    """Locks of hair that fall over forehead, eyes and cheeks."""
    locks = []
    side = float(rng.choice([-1.0, 1.0]))
    brow_y = float(marks[17:27, 1].max())
    for _ in range(int(rng.integers(12, 60))):
        x = side * rng.uniform(-0.1, 0.6)
        start = np.array(
            [x * 0.8, brow_y + rng.uniform(0.35, 0.55), marks[27, 2] - 0.05 - 0.35 * x * x]
        )
        stop_y = brow_y - rng.uniform(-0.1, 1.2)
        sway = side * rng.uniform(-0.1, 0.35)
        t = np.linspace(0, 1, 7)[:, None]
        path = start + t * [sway, stop_y - start[1], 0.0]
        path[:, 2] += 0.16 * np.sin(np.pi * np.minimum(t[:, 0] * 1.2, 1)) + 0.1
        path[:, 0] += 0.03 * np.sin(7 * t[:, 0] + rng.uniform(0, 6))
        radii = np.linspace(1.0, 0.25, 7).astype(np.float32) * float(rng.uniform(0.006, 0.022))
        locks.append(tube(path.astype(np.float32), radii, 4, caps=False))
    hair = np.asarray(subject.look.hair_rgb, np.float32)
    grain = hair * (1 + 0.3 * rng.normal(size=(16, 16, 1))).clip(0.3, 2)
    texture = np.dstack([textures.to_srgb(grain) * 255, np.full((16, 16), 200.0)]).astype(np.uint8)
    return [(merged(locks), texture, "hair")]
