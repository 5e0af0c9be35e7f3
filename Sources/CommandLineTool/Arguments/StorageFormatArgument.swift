import ArgumentParser
import Ingot

/// The name of a storage format that can be encoded, of a recipe that is no format, or `auto`.
struct TypeArgument: ExpressibleByArgument {
  /// As it was written.
  let text: String

  init(argument: String) { text = argument }

  var defaultValueDescription: String { text }

  /// What the tensors get; `auto` keeps what the target can hold without loss.
  var choice: ConversionRequest.TypeChoice {
    get throws {
      if text.lowercased() == "auto" { return .automatic }
      if StorageFormat(named: text) == nil, let recipe = Recipe.named(text) { return .recipe(recipe) }
      return .format(try encodableFormat(text))
    }
  }
}

/// `PATTERN=T`: a storage format for the tensors whose name matches.
struct TypeOverrideArgument: ExpressibleByArgument {
  let pattern: String
  let text: String

  init?(argument: String) {
    guard let separator = argument.lastIndex(of: "="), separator > argument.startIndex else { return nil }
    pattern = String(argument[..<separator])
    text = String(argument[argument.index(after: separator)...])
  }

  var override: ConversionRequest.TypeOverride {
    get throws { ConversionRequest.TypeOverride(pattern: pattern, format: try encodableFormat(text)) }
  }
}

/// The name of a storage format that can be encoded.
struct FormatArgument: ExpressibleByArgument {
  /// As it was written.
  let text: String

  init(argument: String) { text = argument }

  var format: StorageFormat {
    get throws { try encodableFormat(text) }
  }
}

/// The storage format called `name`, if numbers can be stored in it.
private func encodableFormat(_ name: String) throws(UnusableType) -> StorageFormat {
  guard let format = StorageFormat(named: name) else { throw UnusableType(name: name, isKnown: false) }
  guard Codec.canEncode(format) else { throw UnusableType(name: format.name, isKnown: true) }
  return format
}

/// A storage format that was asked for is unknown or cannot be written.
struct UnusableType: IngotError {
  let name: String
  let isKnown: Bool
  var category: ErrorCategory { .usage }
  var description: String {
    "type \(name.quoted): \(isKnown ? "cannot be encoded" : "is not known") (ingot formats lists what can be encoded)"
  }
}
