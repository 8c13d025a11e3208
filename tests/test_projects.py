"""Projects: each has its own everything, and a key of one opens nothing of another. Their workspace is tested apart."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import moto.settings
import pytest
import s3fs
from upath import UPath

from forge_jobs.instance import open_instance
from forge_jobs.intake import announce, news_of
from forge_jobs.projects import ENVIRONMENT_FILE, Project, find_project, new_project
from forge_resources.briefs.check import check_file
from forge_resources.errors import Conflict, InvalidInput, NotFound, Unavailable
from forge_resources.settings import Settings
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.workshop import Workshop
from forge_resources.studio import Studio
from tests.forge_call import forge
from tests.s3_server import BUCKET
from tests.sample_briefs import write_brief
from tests.sample_engines import Note, NoteEngine

PERSONA = """\
{slug}:
  name: Of {slug}
  portrait: Somebody only this team knows.
  segments: [{segments}]
"""


@pytest.fixture
def folder(tmp_path: Path, deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORGE_PROJECTS", str(tmp_path / "projects"))
    return tmp_path / "projects"


@pytest.fixture
def pair(folder: Path) -> tuple[Project, Project]:
    """Two teams, each with a key of its own, and one that whoever calls has."""
    made = []
    for name in ("lumen", "verdant"):
        project = new_project(folder, name, own_instance=True)
        with (project.folder / ENVIRONMENT_FILE).open("a", encoding="utf-8") as file:
            file.write(f"ANTHROPIC_API_KEY=key-of-{name}\nAWS_SECRET_ACCESS_KEY=secret-of-{name}\n")
        made.append(project)
    return made[0], made[1]


def file_a_brief(environment: Mapping[str, str], project: Project) -> list[str]:
    """Files the same brief there, as the inbox does, and makes an artefact. Returns the partitions there are then."""
    with patch.dict(os.environ, environment, clear=True):
        settings = Settings.from_environment()
        studio = Studio(settings)
        place = write_brief(project.folder / "briefs", markets=["en-GB"], seed=len(project.name))
        with open_instance(settings) as instance:
            checked = check_file(UPath(place), studio.library, studio.profiles, store=studio.store)
            announce(instance, news_of(instance, studio.filing.file(checked, str(place))))
            Workshop(studio.store).make(NoteEngine(), Note(text=project.name))
            return list(instance.get_dynamic_partitions("market"))


def test_a_project_is_a_deployment_of_its_own(pair: tuple[Project, Project]) -> None:
    lumen, verdant = pair
    assert file_a_brief(lumen.environment(), lumen) == ["night-tea@en-GB"]
    with patch.dict(os.environ, verdant.environment(), clear=True):
        settings = Settings.from_environment()
        with open_instance(settings) as instance:
            assert instance.get_dynamic_partitions("market") == []
            assert instance.get_runs_count() == 0
        assert Studio(settings).filing.briefs() == []
        assert not settings.store.exists() or not list(settings.store.rglob("*.txt"))
    assert file_a_brief(verdant.environment(), verdant) == ["night-tea@en-GB"]
    # The same slug in both is two briefs.
    seeds = []
    for project in pair:
        with patch.dict(os.environ, project.environment(), clear=True):
            seeds.append(Studio(Settings.from_environment()).filing.manifest("night-tea").brief.seed)
    assert seeds == [len("lumen"), len("verdant")]
    paths = [{value for name, value in one.environment().items() if name.startswith("FORGE_")} for one in pair]
    shared = {os.environ["FORGE_PROJECTS"]}
    assert paths[0] & paths[1] == shared
    assert all(Path(path).is_relative_to(lumen.folder) for path in paths[0] - shared)


def test_no_key_but_its_own_is_in_a_project(pair: tuple[Project, Project]) -> None:
    lumen, verdant = pair
    caller = {
        **verdant.environment(),
        "PATH": "/bin",
        "OPENAI_API_KEY": "of-the-caller",
        "OPENAI_API_KEY_FILE": "/run/secrets/of-the-caller",
        "AWS_PROFILE": "of-the-caller",
        "FORGE_POSTGRES_PASSWORD": "of-the-caller",
        "FORGE_ENGINE_TEXT": "draft",
    }
    environment = lumen.environment(caller)
    assert environment["ANTHROPIC_API_KEY"] == "key-of-lumen"
    assert environment["AWS_SECRET_ACCESS_KEY"] == "secret-of-lumen"
    assert environment["PATH"] == "/bin"
    values = " ".join(environment.values())
    assert "verdant" not in values
    assert "of-the-caller" not in values
    assert not {"OPENAI_API_KEY", "AWS_PROFILE", "FORGE_ENGINE_TEXT"} & environment.keys()


def test_only_its_owner_reads_the_keys(pair: tuple[Project, Project]) -> None:
    for project in pair:
        assert stat.S_IMODE((project.folder / ENVIRONMENT_FILE).stat().st_mode) == 0o600
        assert stat.S_IMODE(project.folder.stat().st_mode) == 0o700


def test_a_brief_of_one_does_not_name_artefacts_of_another(pair: tuple[Project, Project]) -> None:
    lumen, verdant = pair
    file_a_brief(lumen.environment(), lumen)
    with patch.dict(os.environ, lumen.environment(), clear=True):
        made = Workshop(Studio(Settings.from_environment()).store).make(NoteEngine(), Note(text="lumen")).artefact
    with patch.dict(os.environ, verdant.environment(), clear=True):
        studio = Studio(Settings.from_environment())
        with pytest.raises(NotFound):
            studio.store.path(made)
        assert studio.store.find(made.fingerprint) is None
        image = str(lumen.folder / "home" / "store" / "objects" / made.sha256[:2] / f"{made.sha256}.txt")
        product = {"name": "Tea", "description": "A tea.", "selling_points": ["Calm"], "images": [image]}
        place = write_brief(verdant.folder / "briefs", product=product)
        with pytest.raises(InvalidInput, match="images"):
            check_file(UPath(place), studio.library, studio.profiles, store=studio.store)


def policy_for(prefix: str) -> str:
    """What docs/s3.md asks for, on one prefix."""
    objects = ["s3:GetObject", "s3:HeadObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    statements = [
        {"Effect": "Allow", "Action": objects, "Resource": f"arn:aws:s3:::{BUCKET}/{prefix}/*"},
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{BUCKET}"},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_a_key_of_one_opens_nothing_of_another(
    pair: tuple[Project, Project], bucket: Any, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two teams in one bucket of a service that looks at keys and their rights."""
    made = {}
    for project in pair:
        iam = boto3.client("iam")
        iam.create_user(UserName=project.name)
        iam.put_user_policy(UserName=project.name, PolicyName="prefix", PolicyDocument=policy_for(project.name))
        key = iam.create_access_key(UserName=project.name)["AccessKey"]
        file = project.folder / ENVIRONMENT_FILE
        lines = file.read_text(encoding="utf-8").replace(
            "FORGE_STORE=home/store", f"FORGE_STORE=s3://{BUCKET}/{project.name}"
        )
        lines += f"AWS_ENDPOINT_URL={s3_server}\nAWS_DEFAULT_REGION=us-east-1\nAWS_ACCESS_KEY_ID={key['AccessKeyId']}\n"
        file.write_text(f"{lines}AWS_SECRET_ACCESS_KEY={key['SecretAccessKey']}\n", encoding="utf-8")
    denied = r"AccessDenied|403"
    with monkeypatch.context() as watched:
        watched.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
        for project in pair:
            with store_of(project, project) as store:
                made[project.name] = Workshop(store).make(NoteEngine(), Note(text=project.name)).artefact
                assert store.path(made[project.name]).read_text() == project.name
        for project, other in (pair, pair[::-1]):
            with store_of(other, project) as store:
                with pytest.raises(Unavailable, match=denied):
                    store.path(made[other.name])
                with pytest.raises(Unavailable, match=denied):
                    Workshop(store).make(NoteEngine(), Note(text="planted by the other"))


@contextmanager
def store_of(project: Project, key_of: Project) -> Iterator[ArtefactStore]:
    """The store of one project, opened with the key of one."""
    environment = {**key_of.environment(), "FORGE_STORE": project.environment()["FORGE_STORE"]}
    s3fs.S3FileSystem.clear_instance_cache()
    with patch.dict(os.environ, environment, clear=True):
        yield Studio(Settings.from_environment()).store
    s3fs.S3FileSystem.clear_instance_cache()


def test_the_command_works_in_a_project(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    where = {"FORGE_PROJECTS": str(folder)}
    made = forge("project", "new", "lumen", home=home, **where)
    assert made["home"] == str(folder / "lumen" / "home")
    assert [one["name"] for one in forge("project", "list", home=home, **where)["projects"]] == ["lumen"]
    said = forge("--project", "lumen", "store", "size", home=home, **where)
    assert said["store"] == str(folder / "lumen" / "home" / "store")
    assert not home.exists(), "the caller's own deployment is left alone"
    assert "There is no project" in forge("--project", "nobody", "store", "size", home=home, status=2, **where)


def test_a_bad_project_is_refused(folder: Path) -> None:
    new_project(folder, "lumen", store="s3://bucket/lumen")
    with pytest.raises(Conflict, match="There already is"):
        new_project(folder, "lumen")
    for store in ("s3://bucket", "s3://bucket/lumen", "s3://bucket/lumen/inner/"):
        with pytest.raises(Conflict, match="not apart"):
            new_project(folder, "other", store=store)
    new_project(folder, "lumen-two", store="s3://bucket/lumen-two")
    with pytest.raises(Conflict, match="not apart from the inbox"):
        new_project(folder, "other", inbox=str(folder / "lumen" / "briefs"))
    for name in ("", "../up", "Lumen", "a/b", "x"):
        with pytest.raises(InvalidInput, match="no name"):
            new_project(folder, name)
        with pytest.raises(InvalidInput, match="no name"):
            find_project(folder, name)
