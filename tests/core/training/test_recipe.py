"""Recipes: TOML in, unknown and mistyped fields refused by name, changes from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import paths
from core.errors import InputError
from core.training.landmark_task import LandmarkTask
from core.training.recipe import Recipe, load_recipe, recipe_from_record


def _file(folder: Path, text: str) -> str:
    (folder / "r.toml").write_text(text, encoding="utf-8")
    return str(folder / "r.toml")


BUNDLED = sorted(p.stem for p in (paths.resources() / "recipes").glob("landmarks-*.toml"))


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_recipes_load_and_their_nets_fit_their_losses(name: str):
    recipe = load_recipe(name)
    net = LandmarkTask(recipe).build()
    assert len(recipe.loss.stages) == len(net.crop_nets) + 1


def test_fields_are_read_and_others_keep_their_defaults(tmp_path: Path):
    recipe = load_recipe(
        _file(tmp_path, 'name = "a"\n[optimise]\nlr = 1\nepochs = 3\n[augment]\nzoom = [0.9, 2]')
    )
    assert recipe.name == "a"
    assert recipe.optimise.lr == 1.0
    assert recipe.augment.zoom == (0.9, 2.0)
    assert recipe.optimise.batch == Recipe().optimise.batch


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colour = 1", "unknown field colour; known are .*optimise"),
        ("[optimise]\nspeed = 1", "unknown field optimise.speed"),
        ("[optimise]\nepochs = 1.5", "optimise.epochs must be a whole number"),
        ("[optimise]\nepochs = true", "optimise.epochs must be a whole number"),
        ("[optimise]\nlr = 'fast'", "optimise.lr must be a number"),
        ("optimise = 3", "optimise must be a table"),
        ("[augment]\nzoom = [1.0]", "augment.zoom must have 2 entries"),
        ("[loss]\nstages = 'l2'", "loss.stages must be a list"),
        ("[net]\narguments = 4", "net.arguments must be a table"),
        ("name =", "not a readable TOML"),
    ],
)
def test_wrong_recipes_are_sentences_that_name_the_field(tmp_path: Path, text: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        load_recipe(_file(tmp_path, text))


def test_changes_are_toml_values_or_plain_words():
    recipe = load_recipe(
        "landmarks-68-small",
        [
            "optimise.lr=3e-4",
            "optimise.optimiser=sgd",
            'data.train=["pts:a"]',
            "net.arguments.depth=50",
        ],
    )
    assert recipe.optimise.lr == 3e-4
    assert recipe.optimise.optimiser == "sgd"
    assert recipe.data.train == ("pts:a",)
    assert recipe.net.arguments["depth"] == 50


@pytest.mark.parametrize("change", ["lr", "=3", "name.x=3", "optimise.nothing=1"])
def test_wrong_changes_are_sentences(change: str):
    with pytest.raises(InputError):
        load_recipe("landmarks-68-small", [change])


def test_unknown_recipes_list_the_bundled_ones():
    with pytest.raises(InputError, match=r"bundled are .*landmarks-68-small"):
        load_recipe("nothing")


def test_a_recipe_survives_json():
    recipe = load_recipe("landmarks-68-paper")
    assert recipe_from_record(json.loads(json.dumps(recipe.as_record())), "here") == recipe
