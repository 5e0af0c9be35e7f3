import ArgumentParser
import Ingot

/// A size instead of a recipe.
struct SizeTargetOptions: ParsableArguments {
  @Option(
    name: .customLong("target-size"),
    parsing: .unconditional,
    help: ArgumentHelp(
      "Choose formats with the least total error in a file of at most this size, instead of a recipe: 1.2G, 900MiB.",
      valueName: "size"))
  var size: SizeArgument?

  @Option(
    name: .customLong("target-bpw"),
    parsing: .unconditional,
    help: ArgumentHelp("Like --target-size, in average bits per weight: 4.5.", valueName: "bits"))
  var bitsPerWeight: Double?

  func validate() throws {
    guard size == nil || bitsPerWeight == nil else {
      throw ValidationError("expected only one of --target-size and --target-bpw")
    }
    if let bitsPerWeight, !(bitsPerWeight > 0 && bitsPerWeight <= 64) {
      throw ValidationError("--target-bpw is \(bitsPerWeight), expected a number above 0, at most 64")
    }
  }

  /// The target, if one was given.
  var target: SizeTarget? { size.map { .fileBytes($0.byteCount) } ?? bitsPerWeight.map { .bitsPerWeight($0) } }

  /// The option that gives it; nil without one.
  var option: String? { target.map { _ in size == nil ? "--target-bpw" : "--target-size" } }

  /// The size in the name of an output.
  var label: String? { size?.text ?? bitsPerWeight.map { "\($0)bpw" } }
}
