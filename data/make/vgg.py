"""Build the layer graphs of VGG-11, 13, 16 and 19 from the published configurations.

Simonyan and Zisserman (2014), table 1: 3 x 3 convolutions with padding 1, 2 x 2 max pooling, three
fully connected layers. Batch 1, 224 x 224 pixels, 1,000 classes. ``tests/catalog`` proves the
builder by regenerating the traced VGG-16 exactly.

Run: ``python data/make/vgg.py`` writes ``data/dnns/vgg11.json``, ``vgg13.json`` and ``vgg19.json``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

# Channels of each convolution; "M" is a max pooling. Configurations A, B, D and E of table 1.
CONFIGURATIONS: dict[str, list[int | str]] = {
    "vgg11": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "vgg13": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "vgg16": [
        64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M",
    ],
    "vgg19": [
        64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M",
        512, 512, 512, 512, "M",
    ],
}  # fmt: skip
COLUMNS = ["op", "name", "shape", "macs", "ops", "params", "preds", "dims", "fused"]
_KERNEL, _CLASSES, _HIDDEN = 3, 1000, 4096


def _features(configuration: list[int | str]) -> list[list[Any]]:
    """Return the rows of the convolutional part; names count the framework's layers."""
    rows: list[list[Any]] = []
    channels, side, layer = 3, 224, 0
    for item in configuration:
        before = len(rows) - 1
        if item == "M":
            read = channels * side * side
            side //= 2
            shape = [channels, side, side]
            rows.append(["pool", f"features.{layer}", shape, 0, read, 0, [before], [], []])
            layer += 1
            continue
        out = int(item)
        shape = [out, side, side]
        weights = channels * _KERNEL * _KERNEL
        elem = math.prod(shape)
        dims = [channels, out, _KERNEL, _KERNEL, 1]
        work = elem * weights
        params = out * (weights + 1)
        rows.append(
            ["conv", f"features.{layer}", shape, work, elem, params, [before], dims, ["relu"]]
        )
        channels, layer = out, layer + 2
    return rows


def build(name: str) -> dict[str, Any]:
    """Return the layer graph of one configuration."""
    nodes = _features(CONFIGURATIONS[name])
    shape = nodes[-1][2]
    flat = math.prod(shape)
    nodes.append(["pool", "avgpool", shape, 0, flat, 0, [len(nodes) - 1], [], []])
    widths = [flat, _HIDDEN, _HIDDEN, _CLASSES]
    for place in range(3):
        cin, cout = widths[place], widths[place + 1]
        last = place == 2
        name_of, before = f"classifier.{3 * place}", [len(nodes) - 1]
        ops, fused = (0, []) if last else (cout, ["relu"])
        params = (cin + 1) * cout
        nodes.append(
            ["linear", name_of, [cout], cin * cout, ops, params, before, [cin, cout, 1], fused]
        )
    sizes = [math.prod(node[2]) for node in nodes]
    cuts = list(range(-1, len(nodes) - 1))
    return {
        "format": "layer-graph/1",
        "id": name,
        "task": "image-classification",
        "label": f"VGG-{name.removeprefix('vgg')}",
        "source": {
            "cite": "simonyan-zisserman-2014",
            "kind": "written-here",
            "described_by": "table 1 of the paper; built by data/make/vgg.py",
            "licence": "ours",
        },
        "inputs": [{"name": "x", "shape": [3, 224, 224], "dtype": "float32"}],
        "columns": COLUMNS,
        "nodes": nodes,
        "outputs": [len(nodes) - 1],
        "cuts": cuts,
        "totals": {
            "macs": sum(node[3] for node in nodes),
            "ops": sum(node[4] for node in nodes),
            "params": sum(node[5] for node in nodes),
            "rows": len(nodes),
            "cuts": len(cuts),
            "activation_elems": sum(sizes),
            "peak_row_elems": max(sizes),
        },
    }


def render(graph: dict[str, Any]) -> str:
    """Return the graph as text with one row per line, so that a change is a one-line difference."""
    lines = []
    for key, value in graph.items():
        if key == "nodes":
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value)
            lines.append(f'"nodes":[\n{rows}\n]')
        else:
            lines.append(f'"{key}":{json.dumps(value, separators=(",", ":"), ensure_ascii=False)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Write the graphs that are not traced."""
    folder = Path(__file__).resolve().parent.parent / "dnns"
    for name in ("vgg11", "vgg13", "vgg19"):
        (folder / f"{name}.json").write_text(render(build(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
