#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A formula over hyperparameters: `head_count*head_dimension`, `int(rotary_fraction*embedding_length)//head_count`.
///
///     formula = sum ("==" sum)?
///     sum     = product (("+" | "-") product)*
///     product = atom (("*" | "/" | "//") atom)*
///     atom    = number | parameter | "(" formula ")" | "int(" formula ")" | "all_but_every(" formula "," formula ")"
///             | "last(" formula "," formula ")" | "first(" formula "," formula ")" | "if(" formula "," formula "," formula ")"
///
/// Integers stay integers except under `/`, which divides as real numbers; `//` divides integers and rounds down, `int`
/// cuts off the fraction, as in Python; `==` gives 1 or 0. A flag counts as 1 or 0 unless it is the whole formula.
/// `all_but_every(n, count)` is a list of `count` flags of which every n-th is false, as of windows in three layers of four;
/// `last(n, count)` is one whose last n are true.
///
/// A list has an element for each layer. Operators take lists element by element, and a number for each element:
/// `sliding_window_layers*4` is 4 in layers with a window, else 0. `first(flags, values)` is the value of the first layer
/// whose flag is true; `if(flag, one, other)` is one of two formulas.
public struct Expression: Hashable, Sendable, CustomStringConvertible {
  /// The formula as the definition spells it.
  public let description: String
  /// The hyperparameters that occur.
  public let hyperparameterNames: [String]
  private let root: Node

  indirect enum Node: Hashable, Sendable {
    case number(HyperparameterValue)
    case parameter(String)
    case sum(Node, Node), difference(Node, Node), product(Node, Node), quotient(Node, Node), floorQuotient(Node, Node)
    case whole(Node)
    case equality(Node, Node)
    case allButEvery(Node, count: Node)
    case last(Node, count: Node)
    case first(Node, Node)
    case choice(Node, Node, Node)
  }

  /// A formula, or nil if `text` is none.
  public init?(_ text: String) {
    var parser = ExpressionParser(text)
    guard let root = parser.formula(), parser.isAtEnd else { return nil }
    description = text
    hyperparameterNames = parser.hyperparameterNames
    self.root = root
  }

  /// The formula that is this parameter.
  init(parameter name: String) {
    description = name
    hyperparameterNames = [name]
    root = .parameter(name)
  }

  /// The parameter, if the formula is nothing else.
  public var singleHyperparameter: String? { if case .parameter(let name) = root { name } else { nil } }

  /// The value; nil if a parameter is unknown or no number, a divisor is zero, or an integer does not fit.
  public func value(_ hyperparameters: HyperparameterSet) -> HyperparameterValue? {
    if let name = singleHyperparameter { return hyperparameters.values[name] }
    return Self.evaluate(root, hyperparameters)
  }

  /// The value if it is an integer; of a list, that of `layer`.
  public func integer(_ hyperparameters: HyperparameterSet, layer: Int? = nil) -> Int? {
    switch value(hyperparameters) {
    case .integer(let value): value
    case .list(let values):
      if let layer, values.indices.contains(layer), case .integer(let value) = values[layer] { value } else { nil }
    default: nil
    }
  }

  /// Whether the value is true or a number other than 0; of a list, that of `layer`. Nil if it cannot be computed.
  public func flag(_ hyperparameters: HyperparameterSet, layer: Int?) -> Bool? {
    guard let value = value(hyperparameters) else { return nil }
    guard case .list(let values) = value else { return !value.isNothing }
    return layer.flatMap { values.indices.contains($0) ? !values[$0].isNothing : nil }
  }

  /// A file may state any number of layers; a list of this many would still be small.
  private static let greatestListLength = 1 << 20

  private static func evaluate(_ node: Node, _ set: HyperparameterSet) -> HyperparameterValue? {
    func both(
      _ left: Node, _ right: Node, _ integers: (Int, Int) -> (partialValue: Int, overflow: Bool),
      _ reals: (Double, Double) -> Double
    ) -> HyperparameterValue? {
      guard let one = evaluate(left, set), let other = evaluate(right, set) else { return nil }
      return HyperparameterValue.elementwise(one, other) { one, other in combined(one, other, integers, reals) }
    }
    func combined(
      _ one: HyperparameterValue, _ other: HyperparameterValue,
      _ integers: (Int, Int) -> (partialValue: Int, overflow: Bool), _ reals: (Double, Double) -> Double
    ) -> HyperparameterValue? {
      if case (.integer(let one), .integer(let other)) = (one, other) {
        let (value, overflow) = integers(one, other)
        return overflow ? nil : .integer(value)
      }
      guard let one = one.number, let other = other.number else { return nil }
      let value = reals(one, other)
      return value.isFinite ? .real(value) : nil
    }
    switch node {
    case .number(let value): return value
    case .parameter(let name): return set.values[name]?.countingFlags
    case .sum(let a, let b): return both(a, b, { $0.addingReportingOverflow($1) }, +)
    case .difference(let a, let b): return both(a, b, { $0.subtractingReportingOverflow($1) }, -)
    case .product(let a, let b): return both(a, b, { $0.multipliedReportingOverflow(by: $1) }, *)
    case .quotient(let a, let b):
      guard let one = evaluate(a, set), let other = evaluate(b, set) else { return nil }
      return HyperparameterValue.elementwise(one, other) { one, other in
        guard let one = one.number, let other = other.number, other != 0 else { return nil }
        return .real(one / other)
      }
    case .floorQuotient(let a, let b):
      return both(
        a, b,
        { one, other in
          guard other > 0, one >= 0 else { return (0, true) }
          return (one / other, false)
        }, { one, other in floor(one / other) })
    case .equality(let a, let b):
      guard let one = evaluate(a, set), let other = evaluate(b, set) else { return nil }
      return HyperparameterValue.elementwise(one, other) { one, other in
        guard let one = one.number, let other = other.number else { return nil }
        return .integer(one == other ? 1 : 0)
      }
    case .allButEvery(let period, let count):
      guard case (.integer(let period), .integer(let count)) = (evaluate(period, set), evaluate(count, set)),
        period > 0, (0...greatestListLength).contains(count)
      else { return nil }
      return .list((0..<count).map { .bool(($0 + 1) % period != 0) })
    case .last(let length, let count):
      guard case (.integer(let length), .integer(let count)) = (evaluate(length, set), evaluate(count, set)),
        (0...greatestListLength).contains(count), length >= 0
      else { return nil }
      return .list((0..<count).map { .bool(count - $0 <= length) })
    case .first(let flags, let values):
      guard case .list(let flags) = evaluate(flags, set)?.countingFlags, let index = flags.firstIndex(of: .integer(1))
      else {
        return nil
      }
      guard case .list(let values) = evaluate(values, set), values.count == flags.count else { return nil }
      return values[index]
    case .choice(let flag, let one, let other):
      guard let flag = evaluate(flag, set) else { return nil }
      return evaluate(flag.isNothing ? other : one, set)
    case .whole(let inner):
      guard let value = evaluate(inner, set)?.number, let whole = Int(exactly: value.rounded(.towardZero)) else {
        return nil
      }
      return .integer(whole)
    }
  }
}

/// Reads an `Expression`; every function gives nil where the text does not fit.
private struct ExpressionParser {
  private(set) var hyperparameterNames: [String] = []
  private var rest: Substring.UTF8View
  private var depth = 0

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  private static let pairFunctions:
    [(word: String, node: @Sendable (Expression.Node, Expression.Node) -> Expression.Node)] = [
      ("all_but_every(", { .allButEvery($0, count: $1) }), ("last(", { .last($0, count: $1) }),
      ("first(", { .first($0, $1) }),
    ]

  private mutating func take(_ token: String) -> Bool {
    guard rest.starts(with: token.utf8) else { return false }
    rest = rest.dropFirst(token.utf8.count)
    return true
  }

  mutating func formula() -> Expression.Node? {
    depth += 1
    defer { depth -= 1 }
    guard depth < 20, let node = sum() else { return nil }
    guard take("==") else { return node }
    return sum().map { .equality(node, $0) }
  }

  private mutating func sum() -> Expression.Node? {
    guard var node = product() else { return nil }
    while true {
      if take("+") {
        guard let next = product() else { return nil }
        node = .sum(node, next)
      } else if take("-") {
        guard let next = product() else { return nil }
        node = .difference(node, next)
      } else {
        return node
      }
    }
  }

  private mutating func product() -> Expression.Node? {
    guard var node = atom() else { return nil }
    while true {
      if take("*") {
        guard let next = atom() else { return nil }
        node = .product(node, next)
      } else if take("//") {
        guard let next = atom() else { return nil }
        node = .floorQuotient(node, next)
      } else if take("/") {
        guard let next = atom() else { return nil }
        node = .quotient(node, next)
      } else {
        return node
      }
    }
  }

  private mutating func atom() -> Expression.Node? {
    for (word, node) in Self.pairFunctions where take(word) {
      guard let one = formula(), take(","), let other = formula(), take(")") else { return nil }
      return node(one, other)
    }
    if take("if(") {
      guard let flag = formula(), take(","), let one = formula(), take(","), let other = formula(), take(")") else {
        return nil
      }
      return .choice(flag, one, other)
    }
    let isWhole = take("int(")
    if isWhole || take("(") {
      guard let inner = formula(), take(")") else { return nil }
      return isWhole ? .whole(inner) : inner
    }
    let word = rest.prefix { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
        || byte == UInt8(ascii: ".")
    }
    guard let text = String(Substring(word)) as String?, let first = word.first else { return nil }
    rest = rest.dropFirst(word.count)
    if (0x30...0x39).contains(first) {
      if let integer = Int(text) { return .number(.integer(integer)) }
      return Double(text).map { .number(.real($0)) }
    }
    guard !text.contains(".") else { return nil }
    hyperparameterNames.append(text)
    return .parameter(text)
  }
}
