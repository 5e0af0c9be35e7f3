import ArgumentParser
import Ingot

/// Several types instead of one, with an output of each.
struct TypeListOptions: ParsableArguments {
  @Option(
    name: .customLong("types"),
    help: ArgumentHelp(
      "Write a GGUF of each type, reading the source once; {name} and {ftype} in the output name are replaced.",
      valueName: "type,…"), completion: .types)
  var list: TypeList?

  /// The types; nil without the option.
  var names: [String]? { list?.names }

  /// The one type, where one conversion is asked for.
  ///
  /// - Throws: `ValidationError` if there are several.
  func single() throws -> String? {
    guard let names else { return nil }
    guard names.count == 1 else { throw ValidationError("--types lists \(names.count) types, expected one here") }
    return names[0]
  }

  /// The request with the name of its output checked, and that of a receipt.
  func check(_ output: String, receipt: String?) throws {
    guard let names else { return }
    for path in [output] + (receipt.map { [$0] } ?? []) {
      try OutputPattern(path).requireDistinguishingTypes(names)
    }
  }
}

/// `Q8_0,Q4_K_M`: types that are separated by commas.
struct TypeList: ExpressibleByArgument {
  let names: [String]

  init?(argument: String) {
    names = argument.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
    guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
  }
}

extension [String] {
  /// Arguments with `type` alone in the list of `--types`, as of the run that gives this one output.
  func choosing(type: String) -> [String] {
    var arguments = self
    for index in indices {
      if self[index] == "--types", index + 1 < count { arguments[index + 1] = type }
      if self[index].hasPrefix("--types=") { arguments[index] = "--types=\(type)" }
    }
    return arguments
  }
}

extension [String] {
  /// The first element that equals an earlier one, in upper or lower case.
  var firstRepeated: String? {
    var seen: Set<String> = []
    return first { !seen.insert($0.uppercased()).inserted }
  }
}
