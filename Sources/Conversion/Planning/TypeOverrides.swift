import Bytes
import Tensors

/// The exceptions from the storage format, and which of them were of use.
struct TypeOverrides {
  private var entries: [(override: ConversionRequest.TypeOverride, regex: Regex<AnyRegexOutput>, isUsed: Bool)] = []
  /// Patterns that are no regular expressions.
  private(set) var problems: [any IngotError] = []

  init(_ overrides: [ConversionRequest.TypeOverride]) {
    for override in overrides {
      do {
        entries.append((override, try Regex(override.pattern).matchingSemantics(.unicodeScalar), false))
      } catch {
        problems.append(ConversionError.invalidPattern(override.pattern))
      }
    }
  }

  /// The last override whose pattern is found in `name`.
  mutating func format(for name: TensorName) -> ConversionRequest.TypeOverride? {
    var result: ConversionRequest.TypeOverride?
    for index in entries.indices where name.text.firstMatch(of: entries[index].regex) != nil {
      entries[index].isUsed = true
      result = entries[index].override
    }
    return result
  }

  /// Patterns that matched nothing.
  var unused: [String] { entries.filter { !$0.isUsed }.map(\.override.pattern) }
}

extension ConversionRequest.TypeOverride {
  /// The rule of a plan for its formats.
  var rule: String { "--tensor-type \(pattern)" }
}
