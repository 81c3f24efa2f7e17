"""What the files of the repository say of each other: version, bounds, commands, workflows."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from conftest import ROOT, normal, read

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
NAMED = re.compile(r"bptt[_-]lab-(\d+\.\d+\.\d+)|(?<!cff-)\b[Vv]ersion:? (\d+\.\d+\.\d+)")


# ------------------------------------------------------------------------------------ the version


def test_every_file_that_names_the_version_names_that_of_the_project():
    pages = [path.relative_to(ROOT) for path in (ROOT / "book").glob("*.md")]
    named = {
        (str(name), *filter(None, found.groups()))
        for name in ("README.md", "CITATION.cff", *pages)
        for found in NAMED.finditer(read(name))
    }
    files = {"README.md", "CITATION.cff", "book/colophon.md", "book/instructors.md"}
    assert files <= {Path(name).as_posix() for name, _ in named}
    assert {version for _, version in named} == {PROJECT["version"]}


def test_the_changelog_begins_with_the_version():
    headings = re.findall(r"^## (\S+) \((.+)\)$", read("CHANGELOG.md"), re.M)
    assert headings[0][0] == PROJECT["version"]
    dates = [date for _, date in headings if date != "not yet released"]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", date) for date in dates)
    assert dates == sorted(dates, reverse=True)


# --------------------------------------------------------------------------------------- the bounds


def test_every_dependency_of_the_package_has_a_lower_bound():
    """Without one `make lowest` would take a version from before NumPy had a name."""
    required = PROJECT["dependencies"]
    for extra in ("notebooks", "cluster"):
        required = required + PROJECT["optional-dependencies"].get(extra, [])
    assert len(required) > 4
    assert not [name for name in required if not re.search(r">=\d", name)]


def test_what_is_pinned_lies_within_the_bounds_and_what_comes_next_is_pinned_too():
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", read("requirements.txt"), re.M))
    pins = {normal(name): tuple(map(int, re.findall(r"\d+", v))) for name, v in pins.items()}
    for requirement in (one for one in PROJECT["dependencies"] if normal(one) in pins):
        for sign, bound in re.findall(r"(>=|<)([\d.]+)", requirement):
            pinned, limit = pins[normal(requirement)], tuple(map(int, bound.split(".")))
            assert pinned >= limit if sign == ">=" else pinned < limit, requirement
    tried = [line for line in read(".ci/next.txt").splitlines() if line[:1] not in ("", "#")]
    assert tried and {normal(name) for name in tried} <= set(pins)


# ------------------------------------------------------------------------------------- the commands


def targets(text: str) -> set[str]:
    """Targets of make that a text tells its reader, or a machine, to make."""
    lines = re.findall(r"(?:^|`|    )make ((?:[\w=.]+ ?)+)", text, re.M)
    return {word for line in lines for word in line.split() if "=" not in word}


@pytest.mark.skipif(os.name == "nt", reason="the book is not built on Windows")
@pytest.mark.parametrize("path", ["README.md", "CONTRIBUTING.md", *WORKFLOWS], ids=str)
def test_commands_that_are_told_exist(path):
    text = re.sub(r"^ *(- name|run): ", "", read(path), flags=re.M)
    told = targets(text)
    assert told or Path(path).name == "release.yml"
    for target in told:
        command = ["make", "-n", "-o", "setup", target]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def test_files_that_the_guide_names_exist():
    names = re.findall(r"`((?:src|tests|tools|book|\.github)/[\w./*-]+)`", read("CONTRIBUTING.md"))
    assert len(names) > 10
    assert not [name for name in names if not list(ROOT.glob(name.rstrip("/")))]


def test_a_commit_is_looked_at_by_the_tools_of_make_lint():
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"][0]["hooks"]
    recipe = read("Makefile").split("\nlint:")[1].split("\n\n")[0]
    tools = re.findall(r"\$\(BIN\)/(\w+)", recipe)
    assert sorted(hook["entry"].split()[0] for hook in hooks) == sorted(
        f".venv/bin/{tool}" for tool in tools
    )


# ---------------------------------------------------------------------------- workflows and forms


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_no_more_than_it_must(path):
    workflow = yaml.safe_load(read(path))
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job.get("steps", [])]
    # No text from outside, such as a branch's name, becomes part of a command.
    assert not [step for step in steps if "${{" in step.get("run", "")]
    checkouts = [step for step in steps if "actions/checkout" in step.get("uses", "")]
    assert checkouts and all(not one["with"]["persist-credentials"] for one in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_a_commit_and_say_which_version_that_is(path):
    used = [one for one in re.findall(r"uses: (.*)", read(path)) if not one.startswith("./")]
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)


def test_all_workflows_use_an_action_in_one_version():
    used = {one for path in WORKFLOWS for one in re.findall(r"uses: (\S+)@(\S+)", read(path))}
    assert len(used) == len({action for action, _ in used})


def test_every_python_that_the_package_names_is_tried():
    workflow = yaml.safe_load(read(".github/workflows/package.yml"))
    tried = workflow["jobs"]["versions"]["strategy"]["matrix"]["python"]
    named = [c.split(" :: ")[-1] for c in PROJECT["classifiers"] if ":: Python :: 3." in c]
    assert tried == named and PROJECT["requires-python"] == f">={tried[0]}"


@pytest.mark.skipif(not shutil.which("awk"), reason="the release is made where awk is")
def test_a_release_is_told_by_its_section_of_the_changelog():
    workflow = yaml.safe_load(read(".github/workflows/release.yml"))
    script = workflow["jobs"]["release"]["steps"][-1]["run"]
    (command,) = (line for line in script.splitlines() if line.startswith("awk "))
    command = f"version={PROJECT['version']}; {command.split(' > ')[0]}"
    told = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, check=True).stdout
    notes = told.decode()
    assert "### For users of the package" in notes and "\n## " not in notes
    assert notes.strip() in read("CHANGELOG.md")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_what_is_needed(path):
    form = yaml.safe_load(read(path))
    assert form["name"] and form["description"]
    asked = {part["id"]: part for part in form["body"]}
    assert len(asked) == len(form["body"]) > 2
    assert all(part["attributes"]["label"] for part in asked.values())
    assert [part for part in asked.values() if part.get("validations", {}).get("required")]


def test_there_is_a_form_for_the_text_for_a_formula_and_for_a_bug():
    assert [path.stem for path in FORMS] == ["bug", "formula", "text"]


# ------------------------------------------------------------------------------------- the suite


@pytest.mark.xdist_group("together")
def test_tests_of_a_group_share_a_worker(request):
    """What is made once for many tests, such as the parsed site, is not made by each worker."""
    if not hasattr(request.config, "workerinput"):
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@together")


# ------------------------------------------------------------------------------ the learners' hub


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Return a function that does with notebooks what the workflow does, in a repository here."""
    steps = yaml.safe_load(read(".github/workflows/book.yml"))["jobs"]["notebooks"]["steps"]
    (script,) = (step["run"] for step in steps if "push" in step.get("run", ""))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "hosted"], check=True)
    said = {"SERVER": tmp_path.as_uri(), "REPOSITORY": "hosted", "TOKEN": "none", "COMMIT": "abc"}

    def publish(**notebooks: str) -> None:
        folder = tmp_path / "notebooks"
        shutil.rmtree(folder, ignore_errors=True)  # every run of the workflow begins anew
        folder.mkdir()
        for name, text in notebooks.items():
            (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=os.environ | said, check=True)

    return publish


@pytest.mark.skipif(os.name == "nt", reason="the workflow runs on Linux")
def test_what_is_published_again_reaches_who_pulled_before(publish, tmp_path):
    """With the hub's own command: what is new comes, and what the learner wrote stays."""
    home = tmp_path / "home"
    pull = [shutil.which("gitpuller", path=Path(sys.executable).parent)]
    pull += [(tmp_path / "hosted").as_uri(), "notebooks", home]
    publish(forward="first\n", bptt="first\n")
    subprocess.run(pull, check=True, capture_output=True)
    (home / "bptt.ipynb").write_text("mine\n", encoding="utf-8")
    publish(forward="second\n", bptt="first\n", lstm="new\n")
    publish(forward="second\n", bptt="first\n", lstm="new\n")  # nothing has changed
    subprocess.run(pull, check=True, capture_output=True)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in home.glob("*.ipynb")}
    assert texts == {"forward": "second\n", "bptt": "mine\n", "lstm": "new\n"}
