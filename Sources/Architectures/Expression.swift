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
///     atom    = number | parameter | "(" formula ")" | one "(" formula ")" | two "(" formula "," formula ")"
///             | "if(" formula "," formula "," formula ")"
///     one     = "int" | "leading" | "normal_quantile" | "normal_share"
///     two     = "all_but_every" | "all_but_first_of" | "last" | "resized" | "first" | "power" | "max"
///
/// Integers stay integers except under `/`, which divides as real numbers; `//` divides integers and rounds down, `int`
/// cuts off the fraction, as in Python; `==` gives 1 or 0. A flag counts as 1 or 0 unless it is the whole formula.
/// `power(a, b)` is the real number `aᵇ`. `normal_quantile(share)` is the number below which that share of a standard normal
/// distribution is, and `normal_share` the inverse.
/// `all_but_every(n, count)` is a list of `count` flags of which every n-th is false, as of windows in three layers of four.
/// In `all_but_first_of(n, count)` the first of every n is false; in `last(n, count)` the last n are true, none if n is
/// below 0.
/// `resized(list, count)` is a list of `count` elements: the first of `list`, then false or 0. `leading(flags)` counts the
/// flags before the first false one.
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
    /// Of every n flags the first or the last is false.
    case allButOne(ofEvery: Node, isFirst: Bool, count: Node)
    case last(Node, count: Node)
    /// Flags that are true at the indices in a list.
    case listed(Node, count: Node)
    case resized(Node, count: Node)
    case leading(Node)
    case power(Node, Node)
    case maximum(Node, Node)
    case normalQuantile(Node), normalShare(Node)
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
    Self.value(root, hyperparameters)
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

  /// The value with its flags as they are, where they count for themselves.
  private static func value(_ node: Node, _ set: HyperparameterSet) -> HyperparameterValue? {
    if case .parameter(let name) = node { set.values[name] } else { evaluate(node, set) }
  }

  /// The value with the flags of parameters as numbers, as operators take them.
  private static func evaluate(_ node: Node, _ set: HyperparameterSet) -> HyperparameterValue? {
    func reals(
      _ left: Node, _ right: Node, _ result: (Double, Double) -> HyperparameterValue?
    ) -> HyperparameterValue? {
      guard let one = evaluate(left, set), let other = evaluate(right, set) else { return nil }
      return HyperparameterValue.elementwise(one, other) { one, other in
        guard let one = one.number, let other = other.number else { return nil }
        return result(one, other)
      }
    }
    func both(
      _ left: Node, _ right: Node, _ integers: (Int, Int) -> (partialValue: Int, overflow: Bool),
      _ reals: (Double, Double) -> Double
    ) -> HyperparameterValue? {
      guard let one = evaluate(left, set), let other = evaluate(right, set) else { return nil }
      return HyperparameterValue.elementwise(one, other) { one, other in combined(one, other, integers, reals) }
    }
    func mapped(_ inner: Node, _ function: (Double) -> Double?) -> HyperparameterValue? {
      guard let value = evaluate(inner, set) else { return nil }
      return HyperparameterValue.elementwise(value, .integer(0)) { value, _ in
        value.number.flatMap(function).map { .real($0) }
      }
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
    case .quotient(let a, let b): return reals(a, b) { $1 == 0 ? nil : .real($0 / $1) }
    case .floorQuotient(let a, let b):
      return both(
        a, b,
        { one, other in
          guard other > 0, one >= 0 else { return (0, true) }
          return (one / other, false)
        }, { one, other in floor(one / other) })
    case .equality(let a, let b): return reals(a, b) { .integer($0 == $1 ? 1 : 0) }
    case .power(let a, let b):
      return reals(a, b) { base, exponent in
        let value = pow(base, exponent)
        return value.isFinite ? .real(value) : nil
      }
    case .maximum(let a, let b): return both(a, b, { (max($0, $1), false) }, { max($0, $1) })
    case .normalQuantile(let inner): return mapped(inner, NormalDistribution.quantile)
    case .normalShare(let inner): return mapped(inner, NormalDistribution.share)
    case .allButOne(let period, let isFirst, let count):
      guard case (.integer(let period), .integer(let count)) = (evaluate(period, set), evaluate(count, set)),
        period > 0, (0...greatestListLength).contains(count)
      else { return nil }
      return .list((0..<count).map { .bool($0 % period != (isFirst ? 0 : period - 1)) })
    case .last(let length, let count):
      guard case (.integer(let length), .integer(let count)) = (evaluate(length, set), evaluate(count, set)),
        (0...greatestListLength).contains(count)
      else { return nil }
      return .list((0..<count).map { .bool(count - $0 <= length) })
    case .listed(let indices, let count):
      guard case (.list(let indices), .integer(let count)) = (evaluate(indices, set), evaluate(count, set)),
        (0...greatestListLength).contains(count)
      else { return nil }
      let listed = Set(indices)
      return .list((0..<count).map { .bool(listed.contains(.integer($0))) })
    case .resized(let list, let count):
      guard case (.list(let elements), .integer(let count)) = (value(list, set), evaluate(count, set)),
        let first = elements.first, (0...greatestListLength).contains(count)
      else { return nil }
      let padding = Array(repeating: first.nothing, count: max(0, count - elements.count))
      return .list(elements.prefix(count) + padding)
    case .leading(let inner):
      guard case .list(let flags) = value(inner, set) else { return nil }
      return .integer(flags.prefix { $0 == .bool(true) }.count)
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
