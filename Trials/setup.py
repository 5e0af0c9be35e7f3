"""What every trial does first: quiet libraries on one thread, and options taken from the command line."""

import logging
import os
import warnings

os.environ["TQDM_DISABLE"] = "1"  # before anything imports it

import torch  # noqa: E402
from transformers.utils.logging import disable_progress_bar  # noqa: E402


def quiet() -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    disable_progress_bar()
    torch.set_num_threads(1)


def options(arguments: list[str], name: str) -> list[str]:
    """Takes an option out of the arguments; returns its values."""
    values = []
    while name in arguments:
        index = arguments.index(name)
        values.append(arguments[index + 1])
        del arguments[index:index + 2]
    return values


def option(arguments: list[str], name: str, default: str | None = None) -> str | None:
    return (options(arguments, name) or [default])[-1]
