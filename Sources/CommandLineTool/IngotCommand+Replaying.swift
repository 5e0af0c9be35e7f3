import ArgumentParser
import Ingot

extension IngotCommand {
  /// Plans the conversion that `arguments` ask for, from another source and to another destination.
  ///
  /// - Throws: `NotRepeatable` if they are not a conversion.
  static func planConversion(
    _ arguments: [String], from source: String, to destination: String
  ) throws -> ConversionPlan {
    guard var command = try parseAsRoot(arguments) as? any RepeatableConversion else {
      throw NotRepeatable(arguments: arguments)
    }
    command.redirect(from: source, to: destination)
    return try command.plan()
  }
}

/// A command that converts, and can be redirected to other paths.
protocol RepeatableConversion {
  /// Makes it read `source` and write `output`.
  mutating func redirect(from source: String, to output: String)
  func plan() throws -> ConversionPlan
}

extension Convert: RepeatableConversion {
  mutating func redirect(from source: String, to output: String) {
    // The container that the name of the output decided stays decided.
    if to == nil, self.output.hasSuffix(".gguf") { to = .gguf }
    self.source = source
    self.output = output
  }
}

extension Quantize: RepeatableConversion {
  mutating func redirect(from source: String, to output: String) {
    if let first = arguments.first, Recipe.find(first) == nil { arguments.removeFirst() }
    arguments.insert(output, at: 0)
    self.source = source
  }
}
