import ArgumentParser
import Ingot

/// The adapters of a model that is read.
struct AdapterOptions: ParsableArguments {
  @Option(
    name: .customLong("lora"),
    help: ArgumentHelp(
      "Merge a LoRA adapter, a folder of PEFT or a GGUF, before anything else; may be repeated.",
      valueName: "adapter"), completion: .file())
  var paths: [String] = []
}
