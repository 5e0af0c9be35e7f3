"""What transformers computes of a sequence, in single and in double precision, and how near another result is to it."""

import contextlib
import copy

import numpy as np
import torch

from fixtures.generate import oracle
from fixtures.generate.decoder_configs import Architecture

BUDGET = 1e-9
# NMSE of what a layer computes in single precision, and how many draws of such an error show what comes of it.
ROUNDING, DRAWS = 1e-13, 5


def wanted(model: torch.nn.Module, tokens: list[int], architecture: Architecture) -> dict[str, np.ndarray]:
    output = oracle.run(model, input_ids=torch.tensor([tokens]))
    hidden = oracle.stacked(output.hidden_states)
    if architecture.kind == "classifier":
        return {"hidden": hidden, "scores": output.logits[0].numpy()}
    if architecture.has_logits_of_each_position:
        return {"hidden": hidden, "logits": output.logits[0].numpy()}
    pooled = {"mean": lambda rows: rows.mean(axis=0), "lasttoken": lambda rows: rows[-1]}.get(architecture.pooling, lambda rows: rows[0])
    return {"hidden": hidden, "embedding": pooled(hidden[-1])}


@contextlib.contextmanager
def in_double():
    """transformers asks for float32 where precision matters: here it gets double precision."""
    single, to_single = torch.float32, torch.Tensor.float
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.float32 = torch.float = single
        torch.Tensor.float = to_single
        torch.set_default_dtype(single)


def error_of(found: np.ndarray, expected: np.ndarray) -> float:
    power = np.square(expected, dtype=np.float64).sum()
    return float(np.square(found.astype(np.float64) - expected).sum() / power) if power else float(np.abs(found).max())


def fault_of(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> tuple[str | None, float]:
    """What differs first, the residual stream before the result; and the worst error."""
    worst = 0.0
    for layer, (own, theirs) in enumerate(zip(found["hidden"], expected["hidden"], strict=True)):
        worst = max(worst, error := error_of(own, theirs))
        if not error <= BUDGET:
            return f"hidden {layer} of {len(expected['hidden']) - 1}: NMSE {error:.1e}", worst
    for name in found.keys() - {"hidden"}:
        worst = max(worst, error := error_of(found[name], expected[name]))
        if not error <= BUDGET:
            return f"{name}: NMSE {error:.1e}", worst
        if name == "logits" and (other := (found[name].argmax(1) != expected[name].argmax(1)).sum()):
            return f"{other} of {len(expected[name])} most likely tokens are others", worst
    return None, worst


def blurred(model: torch.nn.Module, draw: int) -> torch.nn.Module:
    """A copy in double precision whose weights are changed at random, by about as much as a layer rounds in single precision."""
    other, generator = copy.deepcopy(model), torch.Generator().manual_seed(draw)
    with torch.no_grad():
        for weight in other.parameters():
            weight *= 1 + ROUNDING**0.5 * torch.randn(weight.shape, generator=generator)
    return other


def in_double_and_blurred(model: torch.nn.Module, tokens: list[int], architecture: Architecture) -> tuple[dict[str, np.ndarray], list[dict[str, np.ndarray]]]:
    with in_double():
        precise = copy.deepcopy(model).double()
        precise.config._experts_implementation = "eager"
        return wanted(copy.deepcopy(precise), tokens, architecture), [wanted(blurred(precise, draw), tokens, architecture) for draw in range(DRAWS)]


def is_rounding(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], exact: dict[str, np.ndarray], others: list[dict[str, np.ndarray]]) -> bool:
    """Whether the results are about as near to those in double precision as transformers' own or as those of blurred weights, and
    other choices of a token are between logits that are nearer to each other than that. Layers amplify what the first one rounds,
    so two draws of the same rounding may differ by more than ten times after some; transformers' own is one draw."""
    def arrays_of(values: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [*values["hidden"], *(values[name] for name in sorted(found.keys() - {"hidden"}))]

    for own, theirs, true, *blurs in zip(*map(arrays_of, (found, expected, exact, *others)), strict=True):
        usual = max(error_of(theirs, true), float(np.median([error_of(blur, true) for blur in blurs])))
        if error_of(own, true) > 20 * usual + 1e-12:
            return False
    if "logits" not in found:
        return True
    own, theirs, true = (arrays["logits"] for arrays in (found, expected, exact))
    rows, blur = np.arange(len(true)), max(float(np.abs(arrays["logits"] - true).max()) for arrays in (expected, *others))
    gaps = np.abs(true[rows, own.argmax(1)] - true[rows, theirs.argmax(1)])
    return bool((gaps <= 10 * blur).all())
