"""The curves of a training: read piece by piece, outliers aside, the best known."""

import json

import numpy as np

from app.training.curves import Curves, EventTail, shown_range


def step(done, loss, **more):
    return {"stage": "train", "done": done, "total": 10_000_000, "loss": loss, "lr": 0.01, **more}


def write(path, records):
    with path.open("a") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def read_all(tail, curves):
    while tail.read(curves):
        pass


def test_the_best_validation_is_known_and_a_higher_f1_is_better():
    curves = Curves()
    for done, nme in ((10, 0.09), (20, 0.05), (30, 0.06)):
        curves.take({"stage": "validate", "done": done, "val_nme": nme, "val_nme_box": nme / 2})
    picture = curves.picture()
    assert (picture.score, picture.best) == ("val_nme", (20, 0.05))
    parsing = Curves()
    for done, f1 in ((10, 0.7), (20, 0.8), (30, 0.75)):
        parsing.take({"stage": "validate", "done": done, "val_f1_mean": f1})
    assert parsing.picture().best == (20, 0.8)


def test_three_stages_lie_one_after_the_other_on_the_axis_of_epochs():
    curves = Curves(weak_epochs=(50, 100, 100))
    for stage, epochs, x in ((1, 50, 25), (2, 100, 100), (3, 100, 200)):
        curves.take(step(500, 0.5, weak_stage=stage, epochs=epochs) | {"total": 1000})
        assert curves.picture().lines["loss"].x[-1] == x
        assert curves.picture().stage == stage - 1
    assert curves.picture().starts == (0, 50, 150)
    curves.take({"stage": "validate", "done": 210, "val_nme": 0.05, "weak_stage": 3})
    assert curves.picture().best == (210, 0.05)


def test_a_resumed_training_goes_on_from_its_checkpoint():
    curves = Curves()
    for done in (1, 2, 3, 4, 5):
        curves.take(step(done, float(done)))
    curves.take(step(3, 30.0))
    line = curves.picture().lines["loss"]
    assert (line.x.tolist(), line.y.tolist()) == ([1, 2, 3], [1, 2, 30])


def test_the_axis_leaves_outliers_and_what_has_no_logarithm_out():
    values = np.full(1000, 0.1)
    values[::2] = 0.2
    values[[3, 500]] = 1e9, -1.0
    low, high = shown_range(values)
    assert -1.2 < low < np.log10(0.1)
    assert np.log10(0.2) < high < -0.5
    assert shown_range(np.array([np.nan, 0.0])) is None


def test_a_million_events_are_drawn_by_a_few_hundred_points(tmp_path):
    file = tmp_path / "events.jsonl"
    count = 1_000_000
    line = '{{"stage":"train","done":{},"total":1000000,"loss":{}}}\n'
    with file.open("w") as out:
        out.writelines(line.format(i + 1, 1.0 if i < count // 2 else 0.1) for i in range(count))
    curves = Curves()
    read_all(EventTail(file), curves)
    shown = curves.picture().lines["loss"]
    assert curves.events == count
    assert len(shown.x) <= 801
    assert np.all(np.diff(shown.x) > 0)
    assert set(shown.y.tolist()) == {1.0, 0.1}


def test_of_a_very_long_past_every_validation_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("app.training.curves._SAMPLED_BYTES", 20_000)
    file, curves = tmp_path / "events.jsonl", Curves()
    for epoch in range(50):
        write(file, [step(100 * epoch + i, 1.0) for i in range(100)])
        write(file, [{"stage": "validate", "done": 100 * epoch + 99, "val_nme": 0.1}])
    tail = EventTail(file)
    read_all(tail, curves)
    lines = curves.picture().lines
    assert len(lines["val_nme"].x) == 50
    assert 50 < len(curves.curves["loss"].x) < 1000
    before = len(curves.curves["loss"].x)
    write(file, [step(6000 + i, 1.0) for i in range(10)])
    read_all(tail, curves)
    assert len(curves.curves["loss"].x) == before + 10, "what is new is read whole"


def test_a_line_half_written_is_taken_when_it_is_whole(tmp_path):
    file, curves = tmp_path / "events.jsonl", Curves()
    tail = EventTail(file)
    read_all(tail, curves)
    file.write_text('not json\n[1]\n{"stage":"train","done":"x"}\n{"stage":"train","done":1,"lo')
    read_all(tail, curves)
    assert "loss" not in curves.picture().lines
    with file.open("a") as out:
        out.write('ss":2.5}\n')
    read_all(tail, curves)
    assert curves.picture().lines["loss"].y.tolist() == [2.5]
