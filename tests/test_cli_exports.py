"""All APIs of a broker as files for Postman, OpenAPI and editors: whole, of the right shape, and without a secret."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerkit import get_broker
from brokerkit.catalogue import Api, Catalogue
from brokerkit.cli import exits, main
from brokerkit.registry import load_broker
from brokerkit.sandbox import Sandbox

BROKERS = ("kis", "kiwoom")
ENVIRONMENTS = ("real", "demo")


@pytest.fixture(scope="module", params=BROKERS)
def broker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that is exported of a broker."""
    place = tmp_path_factory.mktemp(broker)
    for format, name in (("postman", "postman.json"), ("openapi", "openapi.json"), ("types", "made_types.py")):
        assert (
            main(["api", "export", format, "--broker", broker, "--output", str(place / name), "--json"]) == exits.DONE
        )
    return place


def apis(broker: str) -> list[Api]:
    return [api for api in Catalogue.at(f"brokerkit_{broker}") if not api.is_frame]


def loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def requests_in(items: list[Any]) -> Iterator[dict[str, Any]]:
    for item in items:
        assert ("item" in item) != ("request" in item)
        assert item["name"]
        if "item" in item:
            yield from requests_in(item["item"])
        else:
            yield item


# Postman


def test_every_id_of_every_api_is_a_request_of_the_collection(broker: str, folder: Path) -> None:
    made = loaded(folder / "postman.json")
    assert made["info"]["schema"] == "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    items = list(requests_in(made["item"]))
    variants = [{variant for ids in api.ids.values() for variant in ids} for api in apis(broker)]
    assert len(items) == sum(map(len, variants))
    for item in items:
        request, url = item["request"], item["request"]["url"]
        assert request["method"] in ("GET", "POST")
        assert url["host"] == ["{{base_url}}"]
        assert url["raw"].split("?")[0] == "/".join(("{{base_url}}", *url["path"]))
        assert all(set(each) <= {"key", "value", "disabled"} for each in request["header"])
        assert ("body" in request) != ("query" in url)
        if "body" in request:
            assert request["body"]["mode"] == "raw"
            assert isinstance(json.loads(request["body"]["raw"]), dict)


def test_a_request_has_what_the_client_sends(broker: str, folder: Path) -> None:
    name, fields = {
        "kis": ("TTTC8434R", ("AFHR_FLPR_YN", "INQR_DVSN", "UNPR_DVSN", "FUND_STTL_ICLD_YN", "PRCS_DVSN")),
        "kiwoom": ("kt00018", ("qry_tp", "dmst_stex_tp")),
    }[broker]
    (item,) = [
        each for each in requests_in(loaded(folder / "postman.json")["item"]) if each["name"].startswith(f"{name} ")
    ]
    told = {each["key"]: each["value"] for each in item["request"]["header"] if "disabled" not in each}
    with Sandbox() as box, get_broker(broker, environment="sandbox", sandbox=box) as opened:
        opened.balance()
        sent = next(
            each
            for each in box.face(broker).requests
            if name in (each.headers.get("tr_id"), each.headers.get("api-id"))
        )
        own = {**opened.adapter.client.account(), **opened.adapter.client.keys()}
    values = {"{{token}}": "[^ ]+", "{{app_key}}": ".+", "{{app_secret}}": ".+", f"{{{{{name}}}}}": name}
    for header, value in told.items():
        pattern = re.escape(value)
        for variable, text in values.items():
            pattern = pattern.replace(re.escape(variable), text)
        assert re.fullmatch(pattern, sent.headers[header.lower()]), header
    assert {each for each in sent.headers if each in ("appkey", "custtype", "tr_id", "api-id", "authorization")} <= {
        each.lower() for each in told
    }
    written = load_broker(broker).Client.written_fields
    assert set(own) <= set(written)
    text = json.dumps(item["request"])
    assert all(f'"{each}"' in text or f'\\"{each}\\"' in text for each in fields)


def test_a_run_of_all_requests_begins_with_the_token_and_gives_it_back_last(broker: str, folder: Path) -> None:
    paths = [
        "/" + "/".join(each["request"]["url"]["path"]) for each in requests_in(loaded(folder / "postman.json")["item"])
    ]
    client = load_broker(broker).Client
    assert client.token_call is not None
    assert client.revoke_call is not None
    assert (paths[0], paths[-1]) == (client.token_call.path, client.revoke_call.path)
    assert paths.count(client.revoke_call.path) == 1


def test_no_order_has_a_value_but_the_account(broker: str, folder: Path) -> None:
    orders = {an_id for api in apis(broker) if api.effect == "order" for an_id in api.ids["real"].values()}
    found = 0
    for item in requests_in(loaded(folder / "postman.json")["item"]):
        if item["name"].split()[0] in orders:
            found += 1
            body = json.loads(item["request"]["body"]["raw"])
            assert all(value == "" or value.startswith("{{") for value in body.values()), item["name"]
    assert found == len(orders)


def test_an_environment_has_its_address_its_ids_and_blanks_for_secrets(broker: str, folder: Path) -> None:
    client = load_broker(broker).Client
    text = (folder / "postman.json").read_text(encoding="utf-8")
    for name in ENVIRONMENTS:
        made = loaded(folder / f"postman-{name}.json")
        values = {each["key"]: each["value"] for each in made["values"]}
        assert made["_postman_variable_scope"] == "environment"
        assert values.pop("base_url") == client.hosts[name]
        assert {each["key"] for each in made["values"] if each["type"] == "secret"} >= {
            "app_key",
            "app_secret",
            "token",
        }
        assert all(each["value"] == "" for each in made["values"] if each["type"] == "secret")
        ids = {an_id for api in apis(broker) for an_id in api.variants(name).values()}
        assert {value for value in values.values() if value} <= ids
    real = {each["key"] for each in loaded(folder / "postman-real.json")["values"]}
    assert set(re.findall(r"{{([^{}]+)}}", text)) == real


# OpenAPI


def test_every_api_is_an_operation_that_fits_the_format(broker: str, folder: Path) -> None:
    made = loaded(folder / "openapi.json")
    assert made["openapi"] == "3.1.0"
    assert {each["description"]: each["url"] for each in made["servers"]} == dict(load_broker(broker).Client.hosts)
    operations = [(path, each) for path, item in made["paths"].items() for each in item.values()]
    names = [each["operationId"] for _, each in operations]
    assert len(names) == len(set(names)) == len(apis(broker))
    tags = {each["name"] for each in made["tags"]}
    schemes = made["components"]["securitySchemes"]
    for (path, operation), api in zip(operations, apis(broker), strict=False):
        assert path.startswith("/")
        assert set(operation["tags"]) <= tags
        assert all(name in schemes for each in operation["security"] for name in each)
        asked = [(each["name"], each["in"]) for each in operation["parameters"]]
        assert len(asked) == len(set(asked))
        assert operation["responses"]["200"]["description"]
        assert api.label == "" or operation["summary"]


def test_an_operation_has_fields_codes_ids_and_what_is_answered(broker: str, folder: Path) -> None:
    made = loaded(folder / "openapi.json")
    by_id = {each["operationId"]: each for item in made["paths"].values() for each in item.values()}
    for api in apis(broker):
        operation = by_id[re.sub(r"\W+", "_", api.name)]
        if api.where == "query":
            asked = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
            schemas = {name: each["schema"] for name, each in asked.items()}
            needed = {name for name, each in asked.items() if each["required"]}
        else:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            schemas, needed = schema["properties"], set(schema.get("required", ()))
        assert set(schemas) == set(api.fields), api.name
        assert needed == {each.name for each in api.request if each.required}
        for field in api.request:
            assert ("enum" in schemas[field.name]) is bool(field.complete and field.codes)
            assert set(field.codes) <= set(schemas[field.name].get("enum", field.codes))
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
        assert {name for name in api.parts if name} <= set(answer)
        assert operation["x-effect"] == api.effect


# Types


@pytest.fixture(scope="module")
def made_types(broker: str, folder: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(f"made_types_{broker}", folder / "made_types.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_types_have_every_field_and_demand_what_is_not_filled_in(broker: str, made_types: Any) -> None:
    filled = set(load_broker(broker).Client.written_fields)
    kinds = [each for each in vars(made_types).values() if typing.is_typeddict(each)]
    assert len(kinds) == sum(1 + len(api.groups) for api in apis(broker))
    for api in apis(broker):
        name = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", api.name))
        kind = getattr(made_types, f"{name}Request")
        hints = typing.get_type_hints(kind, include_extras=True)
        assert set(hints) == set(api.fields)
        needed = {each for each, hint in hints.items() if typing.get_origin(hint) is not typing.NotRequired}
        assert needed == {each.name for each in api.request if each.required} - filled - set(api.pages)
        for field in api.request:
            if field.codes:
                assert all(repr(code) in str(hints[field.name]) for code in field.codes)


PROBE = """
from typing import cast
from made_types import {request}, {row}
from brokerkit import Broker

def asked(broker: Broker) -> str:
    right: {request} = {right}
    misspelt: {request} = {{**{right}, "colour": "red"}}
    lacking: {request} = {{}}
    row = cast({row}, broker.call("{api}", right).rows[0])
    return str(row["{column}"]) + str(row["{column}x"])
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_type_checker_knows_what_is_misspelt_or_lacking_in_a_request_and_in_a_row(
    broker: str, folder: Path, tmp_path: Path
) -> None:
    told = {
        "kis": {
            "api": "domestic_stock/inquire_investor",
            "request": "DomesticStockInquireInvestorRequest",
            "row": "DomesticStockInquireInvestorOutputRow",
            "right": '{"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}',
            "column": "stck_clpr",
        },
        "kiwoom": {
            "api": "ka10059",
            "request": "Ka10059Request",
            "row": "Ka10059StkInvsrOrgnRow",
            "right": '{"stk_cd": "005930", "dt": "20261127", "amt_qty_tp": "1", "trde_tp": "0", "unit_tp": "1000"}',
            "column": "cur_prc",
        },
    }[broker]
    (tmp_path / "made_types.py").write_bytes((folder / "made_types.py").read_bytes())
    (tmp_path / "probe.py").write_text(PROBE.format(**told), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path), "probe.py"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path)  # noqa: S603
    found = [line.split(": error: ")[1] for line in done.stdout.splitlines() if ": error: " in line]
    assert len(found) == 3, done.stdout
    assert "colour" in found[0]
    assert found[1].startswith("Missing key")
    assert f'has no key "{told["column"]}x"' in found[2]


def test_an_export_names_its_files_and_a_bad_place_or_broker_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["api", "export", "postman", "-b", "kiwoom", "-o", str(tmp_path / "x.json"), "--json"]) == exits.DONE
    told = json.loads(capsys.readouterr().out)
    assert [Path(each).name for each in told["files"]] == ["x.json", "x-real.json", "x-demo.json"]
    assert told["apis"] == len(apis("kiwoom"))
    assert main(["api", "export", "types", "-b", "kis", "-o", str(tmp_path)]) == exits.WRONG_USAGE
    assert "cannot be written" in capsys.readouterr().err
    assert main(["api", "export", "types"]) == exits.WRONG_USAGE
    assert "--broker: kis, kiwoom" in " ".join(capsys.readouterr().err.split())
    assert main(["api", "export", "openapi", "-b", "kiwoom"]) == exits.DONE
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"
