import ArgumentParser
import Ingot

/// The name of a storage format that can be encoded, of a recipe that is not a format, or `auto`.
struct TypeArgument: ExpressibleByArgument {
  /// As it was written.
  let text: String

  init(argument: String) { text = argument }

  var defaultValueDescription: String { text }

  /// The choice of storage formats; `auto` keeps formats that the target can store without loss.
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

  private init(pattern: String, text: String) {
    self.pattern = pattern
    self.text = text
  }

  /// The same with the ASCII letters of the pattern in lower case.
  var lowercased: Self { Self(pattern: pattern.asciiLowercased, text: text) }

  var override: ConversionRequest.TypeOverride {
    get throws { ConversionRequest.TypeOverride(pattern: pattern, format: try encodableFormat(text)) }
  }
}

extension TypeOverrideArgument {
  /// Parses pairs that are separated by whitespace.
  static func list(inFile path: String) throws -> [Self] {
    try TokenOptions.read(path).split(whereSeparator: \.isWhitespace).map { word in
      guard let pair = Self(argument: String(word)) else { throw NotATypeOverride(path: path, text: String(word)) }
      return pair
    }
  }
}

/// A word of a file is not a pair of a pattern and a type.
struct NotATypeOverride: IngotError {
  let path: String
  let text: String
  var category: ErrorCategory { .input }
  var description: String { "\(path.escapedForDisplay): \(text.quoted) is not of the form pattern=type" }
}

extension String {
  /// The text with ASCII letters in lower case and everything else as it is.
  fileprivate var asciiLowercased: String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      result.append(("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
    }
    return String(result)
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
    "type \(name.quoted): \(isKnown ? "cannot be encoded" : "is unknown") (ingot formats lists what can be encoded)"
  }
}
