import ArgumentParser
import Ingot

/// What is added to the weights of a model that is read.
struct AdapterOptions: ParsableArguments {
  @Option(
    name: .customLong("lora"),
    help: ArgumentHelp(
      "Add a low-rank adapter (LoRA) as PEFT saves it to the model's weights, before anything else; may be repeated.",
      valueName: "folder"))
  var paths: [String] = []
}
