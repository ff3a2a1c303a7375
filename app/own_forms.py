"""The forms of the page Your own: a network, a machine or link, measurements, a language model."""

from __future__ import annotations

__all__ = ["entry_form", "language_form", "measurement_form", "network_form", "refusal"]

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import own_data
import state
import streamlit as st
from catalog_parts import kept
from text import markdown
from toolbar import show_message
from viewmodels.choices import choice_label
from viewmodels.kinds import class_words, technology_words
from viewmodels.own import (
    EntryForm,
    FormField,
    hop_form,
    machine_form,
    new_id,
    task_choices,
    template_csv,
)

from analytic_models import Case
from analytic_models.catalog import Catalog
from analytic_models.decoder_import import FAMILIES
from analytic_models.user_fields import MACHINE_KINDS, MACHINE_TIERS, POSITIONS, TECHNOLOGIES
from analytic_models.user_measurements import CSV_COLUMNS

NEW = ""
_YEAR = datetime.now(tz=UTC).year


def refusal(tab: str) -> None:
    """Draw why the last entry was not taken, below its form."""
    found = own_data.refused(tab)
    if found is not None:
        show_message(found)


def network_form() -> None:
    """Draw the upload of an ONNX file."""
    tasks = task_choices()
    with st.form(own_data.fresh("network"), border=True):
        upload = st.file_uploader(
            f"ONNX file (at most {own_data.LARGEST_ONNX_MB} MB)",
            type="onnx",
            max_upload_size=own_data.LARGEST_ONNX_MB,
            key=own_data.fresh("onnx"),
            help="Only shapes are read. Export large models with external data: the small file "
            "with the graph is enough.",
        )
        left, middle, right = st.columns([1, 1.4, 1.4])
        label = left.text_input("Name", max_chars=60, placeholder="that of the file")
        task = middle.selectbox(
            "Task",
            list(tasks),
            format_func=tasks.__getitem__,
            help="What the network reads decides which encodings its input may have.",
        )
        sizes = right.text_input(
            "Sizes left open",
            max_chars=200,
            placeholder="height=224, width=224",
            help="Only where the file leaves dimensions open; the batch becomes 1 by itself.",
        )
        sent = st.form_submit_button("Read this network", type="primary")
    if sent and upload is None:
        own_data.refuse("network", own_data.NO_FILE)
    elif sent:
        with st.spinner("Reading the graph: its shapes are worked out in a process of its own…"):
            id = own_data.network(upload.getvalue(), upload.name, label, task, sizes)
        if id:
            state.set_ui("own_network", id)
            own_data.spent("network")
            own_data.spent("onnx")
            st.rerun()
    refusal("network")


def _numbers(fields: Sequence[FormField], key: str) -> dict[str, float | None]:
    """Draw the numbers of a form, three in a row; an empty one stays unknown."""
    typed = {}
    for start in range(0, len(fields), 3):
        for column, field in zip(st.columns(3), fields[start : start + 3], strict=False):
            # A number that starts as none can be emptied again.
            state.start(f"{key}_{field.name}", field.value)
            typed[field.name] = column.number_input(
                field.label,
                field.low,
                field.high,
                None,
                format="%.6g",
                help=f"{field.help} Leave it empty if you do not know it.",
                placeholder="not known",
                key=f"{key}_{field.name}",
            )
    return typed


def _edited(part: str, entries: Sequence[tuple[str, str]]) -> str:
    """Draw which entry the form is for; returns its id, empty for a new one."""
    words = {NEW: "a new one", **{id: markdown(label, 40) for id, label in entries}}
    name = f"own_edit_{part}"
    now = state.ui(name, NEW)
    key = f"_{name}"
    state.seed(key, now if now in words else NEW)
    if entries:
        st.segmented_control(
            "Edit",
            list(words),
            format_func=words.__getitem__,
            key=key,
            on_change=lambda: state.set_ui(name, state.typed(key) or NEW),
        )
    return str(now) if now in words else NEW


def entry_form(case: Case, part: own_data.Part) -> None:
    """Draw the form of a machine (``"machines"``) or a link (``"hops"``)."""
    entries = getattr(case.user_data, part) if case.user_data else ()
    id = _edited(part, [(entry.id, entry.label) for entry in entries])
    make: Callable[..., EntryForm] = machine_form if part == "machines" else hop_form
    form = make(case.user_data, id)
    # Another entry, or the same one after undo, is another form: nothing typed is carried over.
    key = own_data.fresh(_form_name(part, form))
    with st.form(key, border=True):
        words = (_machine_words if part == "machines" else _hop_words)(form, key)
        with st.container(key=f"numbers_{part}"):
            typed = _numbers(form.fields, key)
        name = "machine" if part == "machines" else "link"
        sent = st.form_submit_button(
            f"Save this {name}" if id else f"Add this {name}", type="primary"
        )
    if sent and _save(case, part, form, words, typed):
        st.rerun()
    refusal(part)


def _form_name(part: str, form: EntryForm) -> str:
    return f"{part}_{zlib.crc32(repr(form).encode()):x}"


def _save(
    case: Case,
    part: own_data.Part,
    form: EntryForm,
    words: dict[str, object],
    typed: dict[str, float | None],
) -> bool:
    label = str(words["label"]).strip()
    id = form.id or new_id(label, own_data.ids_in_use(case, part))
    entry = {**words, "label": label, "values": form.values(typed)}
    done = f"{markdown(label, 60)} is one of your own now: pick it wherever one is chosen."
    if not own_data.keep(part, lambda now: own_data.with_entry(now, part, id, entry), done):
        return False
    state.set_ui(f"own_edit_{part}", NEW)
    own_data.spent(_form_name(part, form))
    return True


def _machine_words(form: EntryForm, key: str) -> dict[str, object]:
    name, tier, kind, year = st.columns([2, 1, 1.3, 1])
    tiers, kinds = list(MACHINE_TIERS), list(MACHINE_KINDS)
    words = form.words
    return {
        "label": name.text_input("Name", form.label, max_chars=60, key=f"{key}_label"),
        "tier": tier.selectbox(
            "Usual tier",
            tiers,
            tiers.index(words.get("tier", "edge")),
            key=f"{key}_tier",
            help="It may serve anywhere; this says where it is listed first.",
        ),
        "kind": kind.selectbox(
            "Class",
            kinds,
            kinds.index(words.get("kind", "edge-gpu")),
            format_func=class_words,
            key=f"{key}_kind",
            help="What you leave empty may be taken from machines of this class, with its range.",
        ),
        "year": year.number_input(
            "Year", 1970, 2100, int(words.get("year", _YEAR)), key=f"{key}_year"
        ),
    }


def _hop_words(form: EntryForm, key: str) -> dict[str, object]:
    name, technology, serves = st.columns([2, 1.2, 1.8])
    technologies, words = list(TECHNOLOGIES), form.words
    return {
        "label": name.text_input("Name", form.label, max_chars=60, key=f"{key}_label"),
        "technology": technology.selectbox(
            "Technology",
            technologies,
            technologies.index(words.get("technology", "wi-fi")),
            format_func=technology_words,
            key=f"{key}_technology",
        ),
        "serves": serves.multiselect(
            "Can be",
            list(POSITIONS),
            words.get("serves", ["uplink"]),
            key=f"{key}_serves",
            help="Uplink: device to edge. Backhaul: edge to cloud.",
        ),
    }


def _id_of(collection: str, now: str, catalog: Catalog) -> str:
    """Draw a choice by label, and return the id."""
    known: Mapping[str, object] = getattr(catalog, collection)
    return str(
        kept(
            st.selectbox,
            f"own_id_{collection}",
            now,
            {"machines": "Machine", "dnns": "Network"}[collection],
            options=list(known),
            format_func=lambda id: choice_label(f"catalog:{collection}", id, catalog),
        )
    )


def measurement_form(case: Case) -> None:
    """Draw the field and the upload of measured latencies."""
    st.download_button(
        "Template to fill in (CSV)",
        template_csv(case),
        file_name="eccc-measurements.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="own_template",
    )
    with st.expander("Which ids may a row name?"):
        catalog = case.catalog()
        parts = []
        for column, collection, now in zip(
            st.columns(2),
            ("machines", "dnns"),
            (case.scenario.device, case.scenario.dnn),
            strict=True,
        ):
            with column:
                parts.append(_id_of(collection, now, catalog))
        st.code(f"{','.join(parts)},fp32,", language=None)
        st.caption("Copy this start of a row; precisions: fp32, fp16, int8, int4.")
    with st.form(own_data.fresh("measurements"), border=True):
        text = st.text_area(
            "Measured latencies",
            key=own_data.fresh("rows"),
            height=160,
            placeholder=f"{','.join(CSV_COLUMNS)}\nrpi4b,resnet18,fp32,…",
            help="One row is one inference of a whole network, alone on the machine, batch one.",
        )
        upload = st.file_uploader(
            "or a CSV file", type="csv", max_upload_size=1, key=own_data.fresh("csv")
        )
        sent = st.form_submit_button("Calibrate", type="primary")
    if sent:
        raw = upload.getvalue() if upload is not None else text.encode()
        with st.spinner("Fitting…"):
            taken = own_data.measurements(raw)
        if taken:
            own_data.spent("measurements")
            own_data.spent("rows")
            own_data.spent("csv")
            st.rerun()
    refusal("measurements")


def language_form() -> None:
    """Draw the field and the upload of a configuration."""
    with st.form(own_data.fresh("language"), border=True):
        left, right = st.columns([1, 1])
        label = left.text_input("Name", max_chars=60, key=own_data.fresh("lm_label"))
        origin = right.text_input(
            "Where it was published",
            max_chars=200,
            key=own_data.fresh("lm_origin"),
            help="Kept as text beside the figures; nothing is fetched.",
        )
        text = st.text_area(
            "config.json",
            key=own_data.fresh("lm_text"),
            height=200,
            placeholder='{"model_type": "llama", "hidden_size": 4096, …}',
            help=f"Families that are known: {', '.join(FAMILIES)}.",
        )
        upload = st.file_uploader(
            "or the file", type="json", max_upload_size=1, key=own_data.fresh("lm_file")
        )
        sent = st.form_submit_button("Read this language model", type="primary")
    if sent:
        raw = upload.getvalue() if upload is not None else text.encode()
        if own_data.language_model(raw, label, origin):
            for name in ("language", "lm_label", "lm_origin", "lm_text", "lm_file"):
                own_data.spent(name)
            st.rerun()
    refusal("language")
