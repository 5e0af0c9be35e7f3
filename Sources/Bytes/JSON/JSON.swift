import OrderedCollections

/// A JSON value that keeps the file's order of members, spelling of numbers, and exact keys.
public enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Number)
  case string(String)
  case array([JSON])
  case object(Object)

  /// Members in file order; keys are compared by bytes and occur once.
  public typealias Object = OrderedDictionary<ExactString, JSON>

  /// A number as it is spelled, so that `1e-05` stays `1e-05` and `10000.0` stays a real.
  public struct Number: Hashable, Sendable {
    /// The spelling: valid JSON, or Python's `NaN`, `Infinity` or `-Infinity`.
    public let text: String

    /// An integer.
    public init(_ value: some BinaryInteger) { text = String(value) }

    /// A real, spelled the shortest way that reads back the same, always with a point or an exponent.
    ///
    /// Python's `repr` is followed (`1e-05`, `10000.0`), since configurations are written by Python elsewhere.
    public init(_ value: Double) { text = value.jsonSpelling }

    init(spelling: String) { text = spelling }

    /// The value if the spelling is an integer that fits.
    public var integer: Int? { Int(text) }
    /// The value as a real.
    public var real: Double? { Double(text) }
    /// Whether the spelling has neither point nor exponent.
    public var isInteger: Bool { text.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) } }
  }
}

extension JSON {
  /// The member `key` of an object; nil if absent or if this is not an object. A member that is null is `.null`.
  public subscript(_ key: String) -> JSON? { object?[ExactString(key)] }

  /// The text of a string.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The value of a boolean.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The value of a number spelled as an integer.
  public var integer: Int? { if case .number(let value) = self { value.integer } else { nil } }
  /// The value of any number.
  public var real: Double? { if case .number(let value) = self { value.real } else { nil } }
  /// The elements of an array.
  public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The members of an object.
  public var object: Object? { if case .object(let value) = self { value } else { nil } }
  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// The kind of value, for messages.
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// An object from literal members, in order.
  public static func members(_ members: KeyValuePairs<String, JSON>) -> JSON {
    .object(Object(uniqueKeysWithValues: members.map { (ExactString($0.key), $0.value) }))
  }

  /// An integer.
  public static func integer(_ value: some BinaryInteger) -> JSON { .number(Number(value)) }
  /// A real; infinities and NaN, which JSON cannot hold, become null.
  public static func real(_ value: Double) -> JSON { value.isFinite ? .number(Number(value)) : .null }
}

extension Double {
  /// Python's shortest `repr`: fixed notation for exponents from -4 to 15, otherwise `d.ddde±XX`.
  fileprivate var jsonSpelling: String {
    let shortest = "\(self)"
    let isNegative = shortest.hasPrefix("-")
    let parts = shortest.drop { $0 == "-" }.split(separator: "e")
    guard let mantissa = parts.first else { return shortest }
    let digitParts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(digitParts.first ?? "0")
    let fraction = digitParts.count > 1 && digitParts[1] != "0" ? String(digitParts[1]) : ""
    let written = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    // digits × 10^(point - digits.count), with no leading zeros
    let all = (whole + fraction)
    let digits = String(all.drop { $0 == "0" })
    guard !digits.isEmpty else { return isNegative ? "-0.0" : "0.0" }
    let point = whole.count + written - (all.count - digits.count)
    let trimmed = String(digits.reversed().drop { $0 == "0" }.reversed())
    let exponent = point - 1
    let body: String
    if exponent < -4 || exponent >= 16 {
      let head = trimmed.prefix(1), tail = trimmed.dropFirst()
      let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
      body = head + (tail.isEmpty ? "" : "." + tail) + "e" + (exponent < 0 ? "-" : "+") + power
    } else if point <= 0 {
      body = "0." + String(repeating: "0", count: -point) + trimmed
    } else if trimmed.count <= point {
      body = trimmed + String(repeating: "0", count: point - trimmed.count) + ".0"
    } else {
      body = trimmed.prefix(point) + "." + trimmed.dropFirst(point)
    }
    return (isNegative ? "-" : "") + body
  }
}
