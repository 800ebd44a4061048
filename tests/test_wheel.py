"""The wheel, installed by itself, starts from any directory.

The fresh environment borrows this one's libraries through a path file: what is tested is what the
wheel carries (main.py, app, core, resources), not the package index.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_program_and_its_resources_only(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"main.py", "app", "core"}
    assert any(name.startswith("core/_resources/schemes/") for name in names)


def test_the_installed_script_runs_doctor_from_another_directory(wheel, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=120
    )
    site = next(venv.glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    install = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install"]
    subprocess.run(
        [*install, "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, timeout=120
    )
    done = subprocess.run(
        [venv / "bin" / "lineament", "doctor", "--json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    record = json.loads(done.stdout)
    assert done.returncode == 0, record["problems"]
    assert Path(record["resources"]).is_relative_to(venv)
