import ArgumentParser
import Ingot

/// The name of a recipe, of a storage format that can be encoded, `auto` or `keep`.
///
/// A name of both is the recipe, as in `quantize`; F32, F16, BF16 and Q8_0 are the formats, as in the reference converter.
struct TypeArgument: ExpressibleByArgument {
  /// As it was written.
  let text: String

  init(argument: String) { text = argument }

  var defaultValueDescription: String { text }

  /// What `--type` takes.
  static var names: [String] { ["auto", "keep"] + Set(Recipe.names + FormatArgument.names).sorted() }
  static var defaultCompletionKind: CompletionKind { .types }

  /// Formats that the reference converter writes, by rules of its own.
  private static let converterFormats: Set<StorageFormat> = [.f32, .f16, .bf16, .q8_0]

  /// The recipe of this name; nil if it is the name of something else.
  var recipe: Recipe? {
    if let format = StorageFormat(named: text), Self.converterFormats.contains(format) { return nil }
    return Int(text) == nil ? Recipe.find(text)?.recipe : nil
  }

  var isAutomatic: Bool { ["auto", "keep"].contains(text.lowercased()) }

  /// What the tensors get.
  var choice: ConversionRequest.TypeChoice {
    get throws {
      switch text.lowercased() {
      case "auto": .automatic
      case "keep": .kept
      default: try recipe.map { .recipe($0) } ?? .format(try encodableFormat(text, known: Self.names))
      }
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
    get throws {
      ConversionRequest.TypeOverride(pattern: pattern, format: try encodableFormat(text, known: FormatArgument.names))
    }
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
    get throws { try encodableFormat(text, known: Self.names) }
  }

  /// The formats that can be encoded.
  static let names = FormatCatalog().entries.filter(\.isEncodable).map(\.format.name)
  static var defaultCompletionKind: CompletionKind { .list(names) }
}

/// The storage format called `name`, if numbers can be stored in it; `known` are the names that could be meant.
private func encodableFormat(_ name: String, known: [String]) throws(UnusableType) -> StorageFormat {
  guard let format = StorageFormat(named: name) else {
    throw UnusableType(name: name, isKnown: false, nearest: name.nearest(among: known))
  }
  guard Codec.canEncode(format) else { throw UnusableType(name: format.name, isKnown: true, nearest: nil) }
  return format
}

/// A storage format that was asked for is unknown or cannot be written.
struct UnusableType: IngotError {
  let name: String
  let isKnown: Bool
  let nearest: String?
  var category: ErrorCategory { .usage }
  var description: String {
    let advice = nearest.map { "did you mean \($0.quoted)?" } ?? "ingot formats lists formats and recipes"
    return "type \(name.quoted): \(isKnown ? "cannot be encoded" : "is unknown") (\(advice))"
  }
}
