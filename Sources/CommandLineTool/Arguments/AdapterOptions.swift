import ArgumentParser
import Ingot

/// The adapters of a model that is read.
struct AdapterOptions: ParsableArguments {
  @Option(
    name: .customLong("lora"),
    help: ArgumentHelp(
      "Merge a LoRA adapter that PEFT saved, before anything else; may be repeated.",
      valueName: "folder"))
  var paths: [String] = []
}
