import Bytes

/// A value of a hyperparameter: a number, flag, string, or a list of them (often one for each layer).
public enum HyperparameterValue: Hashable, Sendable, CustomStringConvertible {
  case integer(Int)
  case real(Double)
  case bool(Bool)
  case text(String)
  case list([HyperparameterValue])

  public var description: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): JSON.real(value).text(.compact)
    case .bool(let value): "\(value)"
    case .text(let value): value
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    }
  }

  /// An integer or real number as a real one.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// The value with 1 and 0 in place of flags, as formulas count them.
  var countingFlags: HyperparameterValue {
    switch self {
    case .bool(let flag): .integer(flag ? 1 : 0)
    case .list(let values): .list(values.map(\.countingFlags))
    default: self
    }
  }

  /// Applies an operation to two values, or to each element of lists: of two of one length, or of one and a number.
  static func elementwise(
    _ one: HyperparameterValue, _ other: HyperparameterValue,
    _ operation: (HyperparameterValue, HyperparameterValue) -> HyperparameterValue?
  ) -> HyperparameterValue? {
    let pairs: [(HyperparameterValue, HyperparameterValue)]
    switch (one.countingFlags, other.countingFlags) {
    case (.list(let ones), .list(let others)):
      guard ones.count == others.count else { return nil }
      pairs = Array(zip(ones, others))
    case (.list(let ones), let other): pairs = ones.map { ($0, other) }
    case (let one, .list(let others)): pairs = others.map { (one, $0) }
    case (let one, let other): return operation(one, other)
    }
    let results = pairs.map(operation)
    return results.contains(nil) ? nil : .list(results.compactMap(\.self))
  }

  /// Whether it is false, 0, or an empty string or list.
  public var isNothing: Bool {
    switch self {
    case .integer(let value): value == 0
    case .real(let value): value == 0
    case .bool(let value): !value
    case .text(let value): value.isEmpty
    case .list(let values): values.isEmpty
    }
  }

  /// The value of this kind that is false, 0 or empty.
  var nothing: HyperparameterValue {
    switch self {
    case .integer: .integer(0)
    case .real: .real(0)
    case .bool: .bool(false)
    case .text: .text("")
    case .list: .list([])
    }
  }

  /// The value for config.json.
  public var json: JSON {
    switch self {
    case .integer(let value): .integer(value)
    case .real(let value): .real(value)
    case .bool(let value): .bool(value)
    case .text(let value): .string(value)
    case .list(let values): .array(values.map(\.json))
    }
  }
}
