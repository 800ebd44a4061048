"""Correlation in the window: the live matrix, its sources, marks on the canvas, sparse formats."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from app import convert
from app.correlation.faces import ANNOTATED, DIFFERENCE, RUN, TRAINING, Source
from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader
from core.correlation.affinity import affinity_of
from core.correlation.sparse_format import coverage
from core.schemes import load_landmark_scheme

SCHEME = load_landmark_scheme("points5")
FRAMES = 24


def truth_of(seed: int = 0, count: int = FRAMES) -> np.ndarray:
    """Five points that move as people's do, more or less, (count, 5, 2)."""
    rng = np.random.default_rng(seed)
    shape = np.array([[30, 20], [60, 20], [45, 32], [33, 44], [57, 44]], float)
    together = rng.normal(size=(count, 2, 2)) @ np.array([[1.0, 0.4], [0.0, 1.0]])
    alone = rng.normal(size=(count, 5, 2))
    share = np.array([0.9, 0.8, 0.5, 0.9, 0.2])[:, None]
    moves = share * together[:, [0, 0, 0, 1, 1]] + (1 - share) * alone
    return (shape + 2 * moves).astype(np.float32)


def put_run(project: Project, landmarks: np.ndarray, title: str, upto: int = FRAMES):
    """A run with one face a frame; sealed when all frames are in it."""
    clip = project.clips()[0]
    header = RunHeader(
        run_id="", clip_id=clip.clip_id, kind="predict", title=title, frames=clip.frames, start=0,
        stop=clip.frames, landmark_scheme="points5",
    )  # fmt: skip
    writer = project.start_run(header)
    for frame in range(upto):
        writer.append(frame, [record_of(landmarks[frame])])
    writer.flush()
    if upto == FRAMES:
        writer.seal().close()
        return None
    return writer


def record_of(xy: np.ndarray) -> FaceRecord:
    box = np.array([*xy.min(axis=0), *xy.max(axis=0)], np.float32)
    return FaceRecord(0, box, 0.9, landmarks=xy)


@pytest.fixture
def project(tmp_path: Path, clip_path: Path) -> Path:
    """The test clip with two sealed runs, the first of which is shown."""
    folder = tmp_path / "correlated.lin"
    with Project.create(folder) as made:
        made.add_clip(clip_path)
        put_run(made, truth_of(0), "first")
        put_run(made, truth_of(0) + truth_of(1) - truth_of(1).mean(axis=0), "second")
    return folder


@pytest.fixture
def window(qtbot, open_main, project):
    """The window on it with the dock brought up by its key, all faces read."""
    window = open_main(project)
    qtbot.keyClick(window.canvas, Qt.Key.Key_L)
    settled(qtbot, window)
    return window


def settled(qtbot, window) -> None:
    """All faces of the source are in the matrix."""
    live = window.correlation.live
    qtbot.waitUntil(lambda: live.shown is not None and not live.is_reading, timeout=20_000)


def matrix(window) -> np.ndarray:
    return window.correlation.live.shown.matrix


def test_the_dock_shows_what_is_shown(window):
    assert window.correlation_dock.isVisible()
    expected = affinity_of(truth_of(), SCHEME)
    np.testing.assert_allclose(matrix(window), expected.matrix, atol=1e-5)
    assert (
        f"{FRAMES} faces, hullbox, mean {expected.mean:.3f}" in window.correlation_dock.words.text()
    )


def test_an_edit_shows_in_the_matrix_and_its_undo_too(qtbot, window):
    before = matrix(window)
    window.correlation.session.set_frame(3)
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 3, timeout=10_000)
    selection = window.correction.selection
    selection.choose(0, [4])
    window.correction.points.nudge(6.0, -4.0)
    edited = truth_of()
    edited[3, 4] += (6.0, -4.0)
    expected = affinity_of(edited, SCHEME).matrix
    qtbot.waitUntil(lambda: np.abs(matrix(window) - expected).max() < 1e-5, timeout=10_000)
    window.undo()
    qtbot.waitUntil(lambda: np.abs(matrix(window) - before).max() < 1e-6, timeout=10_000)


def edit_some(qtbot, window, frames: range) -> np.ndarray:
    """Move the nose on some frames; the landmarks as they are then."""
    edited = truth_of()
    for frame in frames:
        window.session.set_frame(frame)
        qtbot.waitUntil(lambda f=frame: window.session.shown_frame_idx == f, timeout=10_000)
        window.correction.selection.choose(0, [2])
        window.correction.points.nudge(float(frame % 3 - 1), 1.0)
        edited[frame, 2] += (frame % 3 - 1, 1.0)
    return edited[list(frames)]


def test_ground_truth_and_the_difference_to_it(qtbot, window, project):
    dock, live = window.correlation_dock, window.correlation.live
    run_id = window.session.document.runs(window.session.entry.clip_id)[1].run_id
    decided = edit_some(qtbot, window, range(8))
    dock.choose_source(Source(ANNOTATED))
    settled(qtbot, window)
    assert live.shown.faces == 8
    np.testing.assert_allclose(matrix(window), affinity_of(decided, SCHEME).matrix, atol=1e-5)
    dock.choose_source(Source(DIFFERENCE, run_id))
    settled(qtbot, window)
    said = (truth_of(0) + truth_of(1) - truth_of(1).mean(axis=0))[:8]
    expected = affinity_of(said, SCHEME, truth=decided).matrix
    expected = expected - affinity_of(decided, SCHEME).matrix
    np.testing.assert_allclose(matrix(window), expected, atol=1e-4)
    scale = window.correlation.scale
    assert scale.is_diverging
    assert scale.low == -scale.high
    dock.choose_source(Source(RUN, run_id))
    settled(qtbot, window)
    assert live.shown.faces == FRAMES


def test_predictions_stream_into_the_matrix(qtbot, open_main, tmp_path, clip_path):
    folder = tmp_path / "growing.lin"
    landmarks = truth_of()
    with Project.create(folder) as made:
        made.add_clip(clip_path)
        writer = put_run(made, landmarks, "growing", upto=8)
        run_id = (
            writer.run_id
            if hasattr(writer, "run_id")
            else made.runs(made.clips()[0].clip_id)[0].run_id
        )
    window = open_main(folder)
    qtbot.keyClick(window.canvas, Qt.Key.Key_L)
    window.correlation_dock.list_sources()
    window.correlation_dock.choose_source(Source(RUN, run_id))
    live = window.correlation.live
    qtbot.waitUntil(lambda: live.shown is not None and live.shown.faces == 8, timeout=20_000)
    for frame in range(8, 20):
        writer.append(frame, [record_of(landmarks[frame])])
    writer.flush()
    qtbot.waitUntil(lambda: live.shown.faces == 20, timeout=20_000)
    expected = affinity_of(landmarks[:20], SCHEME).matrix
    np.testing.assert_allclose(matrix(window), expected, atol=1e-5)
    writer.close()


def test_a_cell_names_its_pair_and_lights_both_points(qtbot, window):
    dock = window.correlation_dock
    qtbot.mouseMove(dock.map, dock.map.position_of(0, 0))
    qtbot.mouseMove(dock.map, dock.map.position_of(1, 3))
    value = matrix(window)[1, 3]
    words = dock.words.text()
    assert "1 left eye centre – 3 right lip outer corner" in words
    assert f"{value:.3f}, {FRAMES} faces" in words
    assert window.correlation.marks.rings == (1, 3)
    assert window.correlation_marks.item.marks.rings == (1, 3)
    # The rings are on the canvas: its pixels around the point change when they go.
    x, y = truth_of()[0, 3] + 0.5
    at = window.canvas.mapFromScene(float(x), float(y))
    lit = around(window, at)
    dock.map._go_to(None)
    assert window.correlation.marks.is_empty
    assert np.abs(lit - around(window, at)).max() > 40


def around(window, at: QPoint) -> np.ndarray:
    pixels = convert.rgb_from_image(window.canvas.viewport().grab().toImage()).astype(int)
    return pixels[at.y() - 14 : at.y() + 15, at.x() - 14 : at.x() + 15]


def test_a_click_pins_a_landmark_and_paints_the_others(qtbot, window):
    dock = window.correlation_dock
    middle = dock.map.position_of(2, 4)
    qtbot.mouseClick(dock.map, Qt.MouseButton.LeftButton, pos=middle)
    marks = window.correlation.marks
    assert window.correlation.pin == 2
    assert set(marks.colours) == {0, 1, 3, 4}
    assert 2 in marks.rings
    # Nearer to the pinned one is lighter.
    light = {j: sum(colour) for j, colour in marks.colours.items()}
    order = sorted(light, key=lambda j: matrix(window)[2, j])
    assert light[order[0]] < light[order[-1]]
    qtbot.mouseClick(dock.map, Qt.MouseButton.LeftButton, pos=middle)
    assert window.correlation.pin == -1
    assert window.correlation.marks.colours == {}


def test_a_drag_chooses_a_block(qtbot, window):
    dock = window.correlation_dock
    qtbot.mousePress(dock.map, Qt.MouseButton.LeftButton, pos=dock.map.position_of(0, 2))
    qtbot.mouseMove(dock.map, dock.map.position_of(1, 4))
    qtbot.mouseRelease(dock.map, Qt.MouseButton.LeftButton, pos=dock.map.position_of(1, 4))
    assert dock.map.block == (0, 1, 2, 4)
    assert f"mean {matrix(window)[:2, 2:].mean():.3f}" in dock.words.text()
    assert set(window.correlation.marks.rings) >= {0, 1, 2, 3, 4}
    assert window.correlation.pin == -1


def test_the_matrix_is_walked_by_keys(qtbot, window):
    dock = window.correlation_dock
    dock.map.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(dock.map, key)
    assert dock.map.cell == (1, 1)
    assert window.correlation.pin == 1
    qtbot.keyClick(dock.map, Qt.Key.Key_Escape)
    assert window.correlation.pin == -1


def test_colours_span_what_there_is_or_always_the_same(window):
    dock = window.correlation_dock
    off = matrix(window)[~np.eye(5, dtype=bool)]
    assert (dock.map.scale.low, dock.map.scale.high) == pytest.approx((off.min(), off.max()))
    dock.ranges.setCurrentIndex(1)
    assert (dock.map.scale.low, dock.map.scale.high) == (0.0, 1.0)


def test_the_matrix_is_exported(window, tmp_path):
    for ending in ("png", "csv", "npz"):
        window.correlation_dock.export_to(tmp_path / f"matrix.{ending}")
    assert (tmp_path / "matrix.png").stat().st_size > 1000
    with np.load(tmp_path / "matrix.npz") as arrays:
        np.testing.assert_array_equal(arrays["affinity"], matrix(window))
        assert (arrays["count"] == FRAMES).all()
    with (tmp_path / "matrix.csv").open(encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert rows[0][1:] == list(SCHEME.point_names)
    assert float(rows[2][4]) == pytest.approx(matrix(window)[1, 3], abs=1e-6)
    window.correlation_dock.export_to(tmp_path / "matrix.txt")
    assert "exported as .png, .csv or .npz" in window.message_bar.text


def test_sparse_formats_follow_the_slider(qtbot, window, tmp_path):
    dock = window.correlation_dock
    dock.pages.setCurrentWidget(dock.sparse)
    sparse = dock.sparse
    qtbot.waitUntil(lambda: bool(sparse.points), timeout=90_000)
    for m in (4, 2):
        sparse.slider.setValue(m)
        assert len(sparse.points) == m
        assert set(window.correlation.marks.colours) == set(sparse.points)
        assert f"m = {m}: c {coverage(matrix(window), sparse.points):.3f}" in sparse.words.text()
    assert {j for j, _ in window.correlation.marks.links} == set(range(5)) - set(sparse.points)
    sparse.links.setChecked(False)
    assert window.correlation.marks.links == ()
    sparse.save_to(tmp_path / "two.json")
    saved = load_landmark_scheme(tmp_path / "two.json")
    assert list(saved.point_names) == [SCHEME.point_names[i] for i in sparse.points]
    assert json.loads((tmp_path / "two.json").read_text())["note"].startswith("Chosen from points5")
    dock.pages.setCurrentIndex(0)
    assert window.correlation.marks.colours == {}


def test_clicks_on_the_mean_face_include_and_exclude(qtbot, window):
    dock = window.correlation_dock
    dock.pages.setCurrentWidget(dock.sparse)
    sparse = dock.sparse
    qtbot.waitUntil(lambda: bool(sparse.points), timeout=90_000)
    sparse.slider.setValue(2)
    (left_out, *_) = set(range(5)) - set(sparse.points)
    at = sparse.face.position_of(left_out).toPoint()
    qtbot.mouseClick(sparse.face, Qt.MouseButton.LeftButton, pos=at)
    assert sparse.include == {left_out}
    qtbot.waitUntil(lambda: not sparse.is_searching and left_out in sparse.points, timeout=90_000)
    at = sparse.face.position_of(left_out).toPoint()
    qtbot.mouseClick(sparse.face, Qt.MouseButton.LeftButton, pos=at)
    assert (sparse.include, sparse.exclude) == (set(), {left_out})
    qtbot.waitUntil(
        lambda: not sparse.is_searching and left_out not in sparse.points, timeout=90_000
    )
    qtbot.mouseClick(sparse.clear_button, Qt.MouseButton.LeftButton)
    assert sparse.exclude == set()


def test_without_a_project_there_is_a_sentence(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    qtbot.keyClick(window.canvas, Qt.Key.Key_L)
    assert "Open a project" in window.correlation_dock.words.text()
    assert not window.correlation_dock.export_button.isEnabled()


def test_nothing_is_read_while_nobody_looks(qtbot, open_main, project):
    window = open_main(project)
    assert window.correlation.live.shown is None
    qtbot.keyClick(window.canvas, Qt.Key.Key_L)
    settled(qtbot, window)
    window.panels.bring_up("landmarks")
    qtbot.waitUntil(lambda: window.correlation.live.shown is None, timeout=5_000)
    assert window.correlation.marks.is_empty


def test_a_training_is_looked_into_epoch_by_epoch(qtbot, open_main, project):
    job = project / "jobs" / "train-1"
    kept = job / "predictions"
    kept.mkdir(parents=True)
    truth = truth_of(0)
    np.savez(kept / "truth.npz", truth=truth, scheme="points5")
    epochs = {n: truth_of(n) * 0.5 + truth * 0.5 for n in (1, 2, 3)}
    for number, predicted in epochs.items():
        np.save(kept / f"epoch-{number:04d}.npy", predicted)
    expected = {n: affinity_of(xy, SCHEME, truth=truth).matrix for n, xy in epochs.items()}
    window = open_main(project)
    qtbot.keyClick(window.canvas, Qt.Key.Key_L)
    dock, live = window.correlation_dock, window.correlation.live
    assert not dock.epochs.isVisible()
    dock.choose_source(Source(TRAINING, str(job)))

    def shows(wanted: np.ndarray) -> bool:
        shown = live.shown
        return shown is not None and shown.matrix is not None and np.allclose(shown.matrix, wanted)

    qtbot.waitUntil(lambda: shows(expected[3]), timeout=10_000)  # the newest
    assert dock.epochs.isVisible()
    assert f"epoch 3 of 3, {FRAMES} validation faces" in dock.words.text()
    dock.epochs.setValue(0)
    qtbot.waitUntil(lambda: shows(expected[1]), timeout=10_000)
    dock.views.setCurrentIndex(1)
    true = affinity_of(truth, SCHEME).matrix
    qtbot.waitUntil(lambda: shows(expected[1] - true), timeout=10_000)
    assert window.correlation.scale.is_diverging
    dock.views.setCurrentIndex(2)
    spread = np.std([expected[n] for n in (1, 2, 3)], axis=0)
    qtbot.waitUntil(lambda: shows(spread), timeout=10_000)
    # A training that goes on is followed.
    dock.views.setCurrentIndex(0)
    qtbot.waitUntil(lambda: shows(expected[1]), timeout=10_000)
    dock.epochs.setValue(2)
    np.save(kept / "next.npy", truth)  # whole at once, as a training writes it
    (kept / "next.npy").rename(kept / "epoch-0004.npy")
    qtbot.waitUntil(lambda: shows(true), timeout=30_000)
    assert live.shown.epochs == (1, 2, 3, 4)
