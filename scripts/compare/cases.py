"""The cases: what is in the folder at the start, and the commands that are run there, in order."""

import importlib.util
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from compare import damage, wide
from compare.program import VERBS

COMMANDS = Path(__file__).parent / "commands"
TOKENS = "5,17,42,3,88,61,29,7,50,33,12,70"
TEXT = "The quick brown fox jumps over the lazy dog. Zwölf Boxkämpfer jagen Viktor quer über den Deich; 12345.\n" * 6
RECIPES = """Q4_K_M Q2_K IQ2_XXS Q3_K_M IQ3_XXS Q5_K_M IQ1_S Q6_K IQ4_XS Q8_0 IQ2_M TQ1_0 IQ3_M Q3_K_S IQ1_M Q3_K_L
IQ2_S Q4_K_S IQ3_S Q2_K_S IQ4_NL Q5_K_S IQ2_XS TQ2_0 IQ3_XS Q4_1 MXFP4_MOE F16 Q4_0 BF16 Q5_0 Q5_1 Q1_0 Q2_0 F32
COPY""".split()
MODELS_WITH_FAULTS = ["llama-gqa"] + [f"architectures/{name}" for name in ("qwen2", "gemma", "mixtral", "phi3")]
MODELS_IN_FORMATS = ["llama-gqa"] + [f"architectures/{name}" for name in ("gpt2", "mixtral", "phi3")]


@dataclass
class Step:
    """One command. `prepare` is called with the folder before it runs."""

    text: str
    prepare: Optional[Callable[[Path], None]] = None

    @property
    def arguments(self):
        return [argument.replace("~", " ") for argument in self.text.split()]


@dataclass
class Case:
    name: str
    populate: Callable[[Path], None]
    steps: list


def steps(commands, **names):
    """Returns a step for each line of a text; {NAME} is replaced."""
    for name, value in ({"tokens": TOKENS} | names).items():
        commands = commands.replace("{" + name + "}", value)
    return [Step(line.strip()) for line in commands.splitlines() if line.strip()]


def steps_of(file, **names):
    """Returns the steps of commands/FILE.txt: ~ is a space inside an argument, first:GLOB the first such file."""
    return steps((COMMANDS / f"{file}.txt").read_text(), **names)


def copier(*sources, into=""):
    """Returns a function that copies files and the contents of folders into a folder; later ones win."""
    def populate(folder):
        target = folder / into
        target.mkdir(exist_ok=True)
        for source in sources:
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
        (folder / "text.txt").write_text(TEXT)
    return populate


def together(*populates):
    def populate(folder):
        for one in populates:
            one(folder)
    return populate


class Fixtures:
    def __init__(self, root, before, work):
        self.root, self.before, self.work = root, before, work
        self.architectures = json.loads(before.run(["architectures", "--json"], ".")[1])["architectures"]

    def model(self, name):
        """Returns a folder with a whole checkpoint: the files of its tokenizer, its own, and its weights."""
        staged = self.work / "models" / name
        if not staged.exists():
            facts = self.root / name / "fixture.json"
            tokenizer = json.loads(facts.read_text()).get("tokenizer") if facts.exists() else None
            for source in ([f"tokenizers/{tokenizer}"] if tokenizer else []) + [name]:
                shutil.copytree(self.root / source, staged, dirs_exist_ok=True)
            if (staged / "weights.json").exists():
                module = importlib.util.spec_from_file_location("weights", self.root / "generate" / "weights.py")
                weights = importlib.util.module_from_spec(module)
                module.loader.exec_module(weights)
                weights.put_weights(staged)
        return staged

    def models(self):
        places = sorted(self.root.glob("*")) + sorted((self.root / "architectures").glob("*"))
        return [str(place.relative_to(self.root)) for place in places
                if (place / "config.json").exists() or (place / "params.json").exists()]

    def schemes(self, model):
        """Returns the naming schemes of the model's architecture, as the first program lists them."""
        status, output, _ = self.before.run(["inspect", str(self.model(model)), "--json", "--no-tensors"], ".")
        name = json.loads(output)["architecture"]["name"] if status == 0 else None
        return [scheme for one in self.architectures if one["name"] == name
                for scheme in one["naming_schemes"] if not scheme.startswith(("gguf", "nested"))]

    def model_cases(self):
        for name in self.models():
            short = Path(name).name
            commands = steps_of("model", m=short)
            for scheme in self.schemes(name):
                commands += steps_of("naming", m=short, s=scheme)
            config = self.root / name / "config.json"
            if config.exists() and "decoder_start_token_id" in config.read_text():
                commands += steps_of("encoder-decoder", m=short)
            yield Case(name, copier(self.model(name), into=short), commands)
            second = self.root / name / "config.transformers5.json"
            if second.exists():
                yield Case(f"{name}/transformers5", self.reconfigured(name, second), steps_of("configuration", m=short))

    def reconfigured(self, name, configuration):
        populate = copier(self.model(name), into=Path(name).name)

        def both(folder):
            populate(folder)
            shutil.copy(configuration, folder / Path(name).name / "config.json")
        return both

    def variant_cases(self):
        for place in sorted((self.root / "variants").glob("*/variant.json")):
            facts = json.loads(place.read_text())
            yield Case(f"variants/{place.parent.name}", self.variant(place.parent, facts),
                       steps_of("variant", m=facts["folderName"]))

    def variant(self, place, facts):
        populate = copier(self.model(facts["base"]), into=facts["folderName"])

        def changed(folder):
            populate(folder)
            for name in facts["removed"]:
                (folder / facts["folderName"] / name).unlink(missing_ok=True)
            for name in facts["replaced"]:
                shutil.copy(place / name, folder / facts["folderName"] / name)
        return changed

    def adapter_cases(self):
        for place in sorted((self.root / "adapters").glob("*/expected.json")):
            base = json.loads(place.read_text())["base"]
            model = copier(self.model(base), into=Path(base).name)
            yield Case(f"adapters/{place.parent.name}", together(model, copier(place.parent, into="adapter")),
                       steps_of("adapter", m=Path(base).name))

    def container_cases(self):
        places = [place for pattern in ("gguf/*.gguf", "safetensors/*.safetensors", "expected/*/*.gguf")
                  for place in sorted(self.root.glob(pattern))]
        for place in places:
            parts = sorted(place.parent.glob("split-*")) if place.name.startswith("split-") else [place]
            if place == parts[0]:
                yield Case(str(place.relative_to(self.root)), copier(*parts), steps_of("container", m=place.name))
        for place in sorted(self.root.glob("quantization/*")) + sorted(self.root.glob("forward-pass/*")):
            yield Case(str(place.relative_to(self.root)), copier(place), steps_of("tensors", m=place.name))

    def imatrix_cases(self):
        for place in sorted(self.root.glob("imatrix/**/*")):
            if place.suffix not in (".dat", ".imatrix"):
                continue
            case = Case(str(place.relative_to(self.root)), copier(place), steps_of("imatrix", i=place.name))
            model = f"architectures/{place.name.split('.')[0]}"
            if place.parent.name == "measured" and (self.root / model).exists():
                parts = copier(self.model(model), into="model")
                case.populate = together(case.populate, parts)
                case.steps += steps_of("imatrix-of-model", i=place.name, m="model")
            yield case

    def wide_cases(self):
        tokenizer = self.root / "tokenizers" / "llama"
        for name, write in (("dense", wide.write_dense), ("experts", wide.write_experts)):
            model = self.work / "wide" / name
            shutil.copytree(tokenizer, model)
            write(model)
            # Cases run at the same time, recipes take longest: two cases share them.
            for part, recipes in enumerate((RECIPES[::2], RECIPES[1::2])):
                commands = steps_of("measure")
                for recipe in recipes:
                    commands += steps("quantize m.gguf {r}.gguf {r} --imatrix i.gguf --json", r=recipe)
                yield Case(f"wide/{name}/recipes-{part}", copier(model, into="model"), commands)
            yield Case(f"wide/{name}/options", copier(model, into="model"), steps_of("measure") + steps_of("wide"))

    def fault_cases(self):
        for name in MODELS_WITH_FAULTS:
            commands = []
            for fault, apply in damage.FAULTS.items():
                lines = steps_of("fault", m="model", f=fault)
                lines[0].prepare = damage.damaged_copy("model", fault, apply)
                commands += lines
            yield Case(f"faults/{Path(name).name}", copier(self.model(name), into="model"), commands)

    def stored_cases(self):
        for name in MODELS_IN_FORMATS:
            for dtype in ("F64", "I64", "F32", "F16", "F8_E4M3"):
                store = damage.damaged_copy("original", "model", lambda model, dtype=dtype: model.store_as(dtype))
                populate = together(copier(self.model(name), into="original"), store)
                yield Case(f"stored-as/{dtype}/{Path(name).name}", populate, steps_of("stored-as", m="model"))

    def wrong_cases(self):
        model = copier(self.model("llama-gqa"), into="model")
        yield Case("wrong/arguments", model, steps_of("wrong"))
        for form, name in (("safetensors", "model/model.safetensors"), ("gguf", "m.gguf")):
            commands = steps("convert model -o m.gguf --type Q8_0")
            for cut in damage.CUTS:
                target = f"cut.{form}"
                lines = steps_of("cut", m=target)
                lines[0].prepare = damage.truncated(name, target, cut)
                commands += lines
            for place in range(0, 24 * 13, 13):
                lines = steps(f"inspect flipped.{form} --json\ncheck flipped.{form} --json")
                lines[0].prepare = damage.flipped(name, f"flipped.{form}", place)
                commands += lines
            yield Case(f"wrong/{form}", model, commands)


def all_cases(root, before, work):
    """Returns all cases, the longest first."""
    fixtures = Fixtures(root, before, work)
    catalog = ["--version", "--help", *(f"{verb} --help" for verb in VERBS)]
    for listing in ["formats", "architectures"] + [f"architectures {one['name']}" for one in fixtures.architectures]:
        catalog += [listing, f"{listing} --json"]
    return [*fixtures.wide_cases(), *fixtures.wrong_cases(), *fixtures.fault_cases(), *fixtures.stored_cases(),
            *fixtures.model_cases(), *fixtures.adapter_cases(), *fixtures.variant_cases(), *fixtures.container_cases(),
            *fixtures.imatrix_cases(), Case("catalog", copier(), steps("\n".join(catalog)))]
