"""What a user brings: entries from what was typed, and what became of them, in words."""

from __future__ import annotations

__all__ = [
    "EntryForm",
    "FormField",
    "OwnNetwork",
    "gaps_of",
    "hop_form",
    "ids_in_use",
    "machine_form",
    "new_id",
    "own_network",
    "parse_dims",
    "summary_words",
    "task_choices",
    "template_csv",
    "with_entry",
    "with_measurements",
    "with_network",
    "without_entry",
    "without_measurements",
]

import dataclasses
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal

from text import format_quantity, plain

from analytic_models import Case, load_catalog
from analytic_models.calibration import calibrate
from analytic_models.errors import DataError, Problem
from analytic_models.optimizers.space import MODALITIES
from analytic_models.units import parse_unit
from analytic_models.user_data import UserData, UserDnn
from analytic_models.user_fields import HOP_FIELDS, MACHINE_FIELDS, UserField
from analytic_models.user_measurements import CSV_COLUMNS, Measurement
from viewmodels.display import Shown

Part = Literal["machines", "hops", "dnns"]

_ID = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 48
_SHOWN_LABELS = {"us": "µs", "USD": "$", "USD/h": "$ per hour"}
_TEMPLATE_DNNS = ("resnet18", "resnet50", "mobilenet_v2")
_DIM = re.compile(r"\s*([^=,;\s]{1,80})\s*=\s*(\d{1,10})\s*")
_INPUTS = {
    "image": "an image",
    "text": "tokens of a text",
    "audio-waveform": "sound",
    "log-mel": "a spectrogram of sound",
    "mfcc": "features of speech",
}
_USED_AS = {
    "machines": ("device", "edge", "cloud"),
    "hops": ("uplink", "backhaul"),
    "dnns": ("dnn",),
}


@dataclass(frozen=True)
class FormField:
    """One number of a form: its name, label with unit, help, bounds and value as typed."""

    name: str
    label: str
    help: str
    low: float
    high: float
    value: float | None
    shown: Shown


@dataclass(frozen=True)
class EntryForm:
    """Everything that a form of a machine or link starts from; empty words for a new one."""

    id: str
    label: str
    words: Mapping[str, Any]
    fields: tuple[FormField, ...]

    def values(self, typed: Mapping[str, float | None]) -> dict[str, float]:
        """Return what was typed in base units; what was left empty stays unknown."""
        found = {}
        for field in self.fields:
            value = typed[field.name]
            if value is not None:
                found[field.name] = field.shown.back(value)
        return found


@dataclass(frozen=True)
class OwnNetwork:
    """A network or language model of the user in words.

    Parameters
    ----------
    facts
        Name and text of its main figures.
    unknown
        Operators that are not known, with how often they occur.
    notes
        What was decided while it was read.
    """

    id: str
    label: str
    task: str
    decoder: bool
    facts: tuple[tuple[str, str], ...]
    unknown: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


def _shown(declared: UserField) -> Shown:
    unit = declared.declared.display_unit
    if not unit:
        return Shown(100.0, "%")
    factor, _ = parse_unit(unit)
    return Shown(1.0 / factor, _SHOWN_LABELS.get(unit, unit))


def _fields(
    declared: Mapping[str, UserField], values: Mapping[str, float]
) -> tuple[FormField, ...]:
    found = []
    for name, field in declared.items():
        shown, item = _shown(field), field.declared
        value = values.get(name)
        found.append(
            FormField(
                name,
                f"{item.label} ({shown.label})",
                item.help,
                shown.out(item.low),
                shown.out(item.high),
                None if value is None else shown.out(value),
                shown,
            )
        )
    return tuple(found)


def machine_form(data: UserData | None, id: str = "") -> EntryForm:
    """Return the form of a machine: of one that is there, or of a new one."""
    for machine in data.machines if data else ():
        if machine.id == id:
            words = {"tier": machine.tier, "kind": machine.kind, "year": machine.year}
            return EntryForm(
                id, machine.label, words, _fields(MACHINE_FIELDS, dict(machine.values))
            )
    return EntryForm("", "", {}, _fields(MACHINE_FIELDS, {}))


def hop_form(data: UserData | None, id: str = "") -> EntryForm:
    """Return the form of a link: of one that is there, or of a new one."""
    for hop in data.hops if data else ():
        if hop.id == id:
            words = {"technology": hop.technology, "serves": list(hop.serves)}
            return EntryForm(id, hop.label, words, _fields(HOP_FIELDS, dict(hop.values)))
    return EntryForm("", "", {}, _fields(HOP_FIELDS, {}))


def new_id(label: str, taken: Collection[str]) -> str:
    """Make an id of a label that is not taken.

    Examples
    --------
    >>> new_id("My Box (v2)", ()), new_id("rpi4b", {"rpi4b"}), new_id("机器", ())
    ('my-box-v2', 'rpi4b-2', 'yours')
    """
    start = _ID.sub("-", label.lower()).strip("-")[:_LONGEST_ID].strip("-") or "yours"
    found, count = start, 1
    while found in taken:
        count += 1
        found = f"{start}-{count}"
    return found


def summary_words(data: UserData) -> str:
    """Say what a user brought.

    Examples
    --------
    >>> summary_words(UserData())
    'nothing yet'
    """
    models = sum(dnn.format == "decoder-lm/1" for dnn in data.dnns)
    counts = (
        (len(data.dnns) - models, "network"),
        (models, "language model"),
        (len(data.machines), "machine"),
        (len(data.hops), "link"),
        (len(data.measurements), "measurement"),
    )
    found = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count]
    return ", ".join(found) or "nothing yet"


def gaps_of(form: EntryForm) -> str:
    """Name the numbers of an entry that nobody stated."""
    labels = [field.label.partition(" (")[0] for field in form.fields if field.value is None]
    return ", ".join(label[:1].lower() + label[1:] for label in labels)


def ids_in_use(case: Case, part: Part) -> frozenset[str]:
    """Return the ids that a new entry may not have: those of the catalog with the user's data."""
    catalog = case.catalog()
    if part == "dnns":
        return frozenset((*catalog.dnns, *catalog.language_models))
    return frozenset(getattr(catalog, part))


def with_entry(case: Case, part: Part, id: str, entry: Mapping[str, Any]) -> Case:
    """Return the case with an entry of the user's data added or replaced.

    Raises
    ------
    analytic_models.errors.DataError
        If the entry is not one; every problem names its place.
    """
    added = UserData.from_dict({part: {id: dict(entry)}})
    return dataclasses.replace(case, user_data=(case.user_data or UserData()).merged(added))


def with_network(case: Case, dnn: UserDnn) -> Case:
    """Return the case with a network or language model of the user added."""
    own = case.user_data or UserData()
    return dataclasses.replace(case, user_data=own.merged(UserData(dnns=(dnn,))))


def with_measurements(case: Case, rows: Sequence[Measurement]) -> Case:
    """Return the case with measured latencies; newer ones replace those of the same kind.

    Raises
    ------
    analytic_models.errors.DataError
        If a row names what is not known or cannot be fitted; every problem names its line.
    """
    catalog, problems = case.catalog(), list[Problem]()
    for line, row in enumerate(rows, start=2):
        for name, known in (("machine", catalog.machines), ("dnn", catalog.dnns)):
            id = getattr(row, name)
            if id not in known:
                near = ", ".join(get_close_matches(id, list(known), 3)) or "an id of the catalog"
                message = f"{plain(id, 40)!r} is not known"
                problems.append(Problem(f"csv:{line}.{name}", message, near))
    if problems:
        raise DataError(problems)
    try:
        calibrate(catalog, rows, "csv")
    except DataError as error:
        # The case keeps its rows in another order: the place must be that of the file.
        raise DataError([_on_line(problem) for problem in error.problems]) from None
    own = case.user_data or UserData()
    return dataclasses.replace(case, user_data=own.merged(UserData(measurements=tuple(rows))))


def _on_line(problem: Problem) -> Problem:
    path = re.sub(r"\[(\d+)\]", lambda found: f":{int(found[1]) + 2}", problem.path)
    return Problem(path, problem.message, problem.allowed)


def without_measurements(case: Case, machine: str) -> Case:
    """Return the case without the measured latencies of a machine."""
    own = case.user_data or UserData()
    rows = tuple(row for row in own.measurements if row.machine != machine)
    return dataclasses.replace(case, user_data=dataclasses.replace(own, measurements=rows))


def without_entry(case: Case, part: Part, id: str) -> Case:
    """Return the case without an entry of the user's data, and without its measurements.

    Raises
    ------
    analytic_models.errors.DataError
        If the design uses it.
    """
    used = [name for name in _USED_AS[part] if getattr(case.scenario, name) == id]
    if used:
        words = " and ".join(used)
        raise DataError(
            Problem(id, f"is the {words} of your design", "choose another one there first")
        )
    own = case.user_data or UserData()
    kept = tuple(entry for entry in getattr(own, part) if entry.id != id)
    rows = tuple(row for row in own.measurements if id not in (row.machine, row.dnn))
    changed = dataclasses.replace(own, measurements=rows, **{part: kept})
    return dataclasses.replace(case, user_data=changed)


def parse_dims(text: str) -> dict[str, int]:
    """Read sizes of open dimensions.

    Raises
    ------
    analytic_models.errors.DataError
        If a part is not ``name=number``.

    Examples
    --------
    >>> parse_dims("height=224, width = 224")
    {'height': 224, 'width': 224}
    """
    found = {}
    for part in re.split(r"[,;\n]", text):
        if not part.strip():
            continue
        match = _DIM.fullmatch(part)
        if match is None:
            raise DataError(
                Problem("sizes", f"{plain(part, 40)!r} is not a size", "name=number, name=number")
            )
        found[match[1]] = int(match[2])
    return found


@lru_cache(maxsize=1)
def task_choices() -> dict[str, str]:
    """Return the tasks of the catalog's networks, with what each reads as input."""
    dnns = load_catalog().dnns
    tasks = sorted({dnns[id].task for id in dnns})
    tasks.sort(key=lambda task: task != "image-classification")
    return {
        task: f"{task.replace('-', ' ')} (reads {_INPUTS[MODALITIES.get(task, 'image')]})"
        for task in tasks
    }


@lru_cache(maxsize=64)
def own_network(dnn: UserDnn) -> OwnNetwork:
    """Describe a network or language model of the user."""
    value = json.loads(dnn.text)
    notes = value.get("source", {}).get("notes", [])
    notes = tuple(plain(note, 300) for note in notes) if isinstance(notes, list) else ()
    unknown: dict[str, int] = {}
    if value["format"] == "decoder-lm/1":
        facts = _decoder_facts(value)
    else:
        facts = _graph_facts(value)
        for op in (row[0] for row in value["nodes"]):
            kind, _, name = str(op).partition(":")
            if kind == "other" and name:
                unknown[plain(name, 40)] = unknown.get(plain(name, 40), 0) + 1
    return OwnNetwork(
        dnn.id,
        plain(dnn.label, 60),
        plain(str(value.get("task", "")).replace("-", " "), 40),
        value["format"] == "decoder-lm/1",
        facts,
        tuple(sorted(unknown.items())),
        notes,
    )


def _graph_facts(value: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    totals = value["totals"]
    inputs = ", ".join("×".join(str(d) for d in item["shape"]) for item in value["inputs"][:3])
    return (
        ("Rows", format_quantity(totals["rows"], "count")),
        ("Work", format_quantity(totals["macs"], "mac")),
        ("Parameters", format_quantity(totals["params"], "count")),
        ("Inner cuts", format_quantity(max(len(value["cuts"]) - 1, 0), "count")),
        ("Input", plain(inputs, 40)),
    )


def _decoder_facts(value: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    totals = value["totals"]
    return (
        ("Blocks", format_quantity(value["config"]["layers"], "count")),
        ("Parameters", f"{totals['params'] / 1e9:.3g} billion"),
        ("Active per token", f"{totals['params_active'] / 1e9:.3g} billion"),
        ("Work per token", format_quantity(totals["macs_per_token"], "mac")),
        ("Cache per token at fp16", format_quantity(2.0 * totals["kv_elems_per_token"], "byte")),
        ("Weights at int4", format_quantity(0.5 * totals["params"], "byte")),
    )


def template_csv(case: Case) -> str:
    """Return a file to fill in: machines of the design with its network and three usual ones."""
    scenario = case.scenario
    own = [dnn.id for dnn in case.user_data.dnns] if case.user_data else []
    graphs = case.catalog().dnns
    dnns = [id for id in dict.fromkeys((scenario.dnn, *own, *_TEMPLATE_DNNS)) if id in graphs]
    lines = [",".join(CSV_COLUMNS)]
    for machine in dict.fromkeys((scenario.device, scenario.edge, scenario.cloud)):
        lines += [f"{machine},{dnn},fp32," for dnn in dnns]
    return "\n".join(lines) + "\n"
