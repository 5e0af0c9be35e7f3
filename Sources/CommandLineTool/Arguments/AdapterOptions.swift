import ArgumentParser
import Ingot

/// What is added to the weights of a model that is read.
struct AdapterOptions: ParsableArguments {
  @Option(
    name: .customLong("lora"),
    help: ArgumentHelp(
      "Merge a LoRA adapter that PEFT saved, before anything else; may be repeated.",
      valueName: "folder"))
  var paths: [String] = []
}
