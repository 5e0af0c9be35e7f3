"""What the architecture definitions say, for the trials: no table of model types is kept by hand where a definition has the fact.

The keys of a definition file that are read stand here alone.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent.parent / "Sources" / "Architectures" / "Definitions"
PARENT, MODEL_TYPES, GGUF_ARCHITECTURE, HYPERPARAMETERS = "extends", "model_types", "gguf_architecture", "hyperparameters"
DETECTABLE, TENSORS, FUSED, REMOVED, ROLE, ROLES, NAMES, TRANSFORMS, FUSION = (
    "detectable_transforms", "tensors", "fused", "removes", "role", "roles", "names", "transforms", "fusion_orders")
PERMUTED, ADDS_ONE, TRANSPOSED, GROUPED = "rotary", "plus_one", "transpose", "grouped"


class Definition(NamedTuple):
    name: str
    model_types: tuple[str, ...]
    gguf_architecture: str | None
    config_keys: frozenset[str]  # that a hyperparameter is read from
    transforms: dict[str, dict[str, str]]  # of each role, by naming scheme
    fused: list[dict]
    detectable: tuple[str, ...]  # transforms that show in the values of a file

    def has_transform(self, transform: str, scheme: str = "gguf", roles: tuple[str, ...] = ()) -> bool:
        """Whether any tensor, or one of these roles, is transformed like this in a naming scheme."""
        return any(
            any(name.startswith(transform) for name in listed(schemes.get(scheme, []))) for role, schemes in self.transforms.items() if not roles or role in roles)

    def detects(self, transform: str) -> bool:
        return transform in self.detectable

    def regroups_heads(self) -> bool:
        """Whether one tensor has queries, keys and values in both containers, in Hugging Face's files head by head."""
        return any(
            "attention_query" in rule[ROLES] and "gguf" in rule.get(NAMES, {}) and rule.get(FUSION, {}).get("hf", "").startswith(GROUPED)
            for rule in self.fused)


def listed(transforms: str | list[str]) -> list[str]:
    """The transforms of a tensor, one or several."""
    return transforms if isinstance(transforms, list) else [transforms]


def merged(base: dict, own: dict) -> dict:
    """Members of an entry over those of the parent's, objects member by member; null takes one away."""
    result = dict(base)
    for key, value in own.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key, {}), value) if isinstance(value, dict) and isinstance(result.get(key, {}), dict) else value
    return result


@cache
def resolved(name: str) -> dict:
    """Tensors and hyperparameters by name, with the parents'."""
    own = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    parent = resolved(own[PARENT]) if own.get(PARENT) else {TENSORS: {}, HYPERPARAMETERS: {}, FUSED: [], DETECTABLE: []}
    result = {**own}
    for member, key in ((TENSORS, ROLE), (HYPERPARAMETERS, "name")):
        entries = dict(parent[member])
        for removed in own.get(REMOVED, []):
            if isinstance(removed, str):  # a list is a fused tensor
                entries.pop(removed, None)
        for entry in own.get(member, []):
            entries[entry[key]] = merged(entries.get(entry[key], {}), entry)
        result[member] = entries
    for member in (FUSED, DETECTABLE):
        result[member] = own.get(member, parent[member])
    return result


@cache
def definitions() -> dict[str, Definition]:
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        facts = resolved(path.stem)
        found[path.stem] = Definition(
            path.stem, tuple(facts.get(MODEL_TYPES, ())), facts.get(GGUF_ARCHITECTURE),
            frozenset(key for entry in facts[HYPERPARAMETERS].values() for key in entry.get("config", ())),
            {role: entry.get(TRANSFORMS, {}) for role, entry in facts[TENSORS].items()}, facts[FUSED], tuple(facts[DETECTABLE]))
    return found


@cache
def of_gguf_architecture(architecture: str) -> Definition:
    return next(definition for definition in definitions().values() if definition.gguf_architecture == architecture)


def reading(key: str, *others: str, but: tuple[str, ...] = (), also: tuple[str, ...] = ()) -> frozenset[str]:
    """The model types whose definition reads one of these keys of config.json, but for some, and some besides."""
    return frozenset(also).union(*(
        set(definition.model_types) - set(but) for definition in definitions().values() if definition.config_keys.intersection((key, *others))))
