/// Reads an `Expression`; every function gives nil where the text does not fit.
struct ExpressionParser {
  private(set) var hyperparameterNames: [String] = []
  private var rest: Substring.UTF8View
  private var depth = 0

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  private static let pairFunctions:
    [(word: String, node: @Sendable (Expression.Node, Expression.Node) -> Expression.Node)] = [
      ("all_but_every(", { .allButOne(ofEvery: $0, isFirst: false, count: $1) }),
      ("all_but_first_of(", { .allButOne(ofEvery: $0, isFirst: true, count: $1) }),
      ("last(", { .last($0, count: $1) }), ("listed(", { .listed($0, count: $1) }),
      ("resized(", { .resized($0, count: $1) }),
      ("first(", { .first($0, $1) }), ("power(", { .power($0, $1) }), ("max(", { .maximum($0, $1) }),
    ]
  private static let functions: [(word: String, node: @Sendable (Expression.Node) -> Expression.Node)] = [
    ("leading(", { .leading($0) }), ("int(", { .whole($0) }), ("normal_quantile(", { .normalQuantile($0) }),
    ("normal_share(", { .normalShare($0) }), ("(", { $0 }),
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
    for (word, node) in Self.functions where take(word) {
      guard let inner = formula(), take(")") else { return nil }
      return node(inner)
    }
    if take("if(") {
      guard let flag = formula(), take(","), let one = formula(), take(","), let other = formula(), take(")") else {
        return nil
      }
      return .choice(flag, one, other)
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
