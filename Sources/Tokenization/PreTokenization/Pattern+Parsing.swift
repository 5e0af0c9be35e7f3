import Bytes

extension Pattern {
  /// Compiles `text`.
  ///
  /// - Throws: `.unsupportedPattern` for syntax outside the grammar at the start of `Pattern.swift`.
  init(_ text: String) throws(VocabularyError) {
    var parser = Parser(text)
    let start = try parser.compile()
    self.init(instructions: parser.instructions, start: start)
  }

  /// A node of an expression.
  private indirect enum Node {
    case set(ScalarSet)
    case sequence([Node])
    case choice([Node])
    case many(Node, minimum: Int, maximum: Int, Repetition)
    case lookahead(Node, isNegative: Bool)
    case lineEnd, lineStart, wordBoundary
  }

  private struct Parser {
    let text: String
    let scalars: [Unicode.Scalar]
    var position = 0
    var depth = 0
    var ignoresCase = false
    var instructions: [Instruction] = []

    /// A group is repeated by copying it; more copies than this are refused.
    static let copyLimit = 8
    /// Groups and sets may nest this deep.
    static let depthLimit = 32
    /// Instructions that one expression may need.
    static let instructionLimit = 10_000

    init(_ text: String) {
      self.text = text
      scalars = Array(text.unicodeScalars)
    }

    mutating func compile() throws(VocabularyError) -> Int {
      let node = try choice()
      guard position == scalars.count else { throw failure("\")\" without \"(\"") }
      return try emit(node, next: append(.accept))
    }

    func failure(_ reason: String) -> VocabularyError { .unsupportedPattern(text, reason: reason + " at \(position)") }

    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func take(_ expected: Unicode.Scalar) -> Bool {
      guard next == expected else { return false }
      position += 1
      return true
    }

    mutating func takeAny() throws(VocabularyError) -> Unicode.Scalar {
      guard let scalar = next else { throw failure("ends early") }
      position += 1
      return scalar
    }

    mutating func takeText(_ expected: String) -> Bool {
      let wanted = Array(expected.unicodeScalars)
      guard scalars[position...].starts(with: wanted) else { return false }
      position += wanted.count
      return true
    }

    // MARK: Reading

    mutating func choice() throws(VocabularyError) -> Node {
      depth += 1
      guard depth <= Self.depthLimit else { throw failure("nested deeper than \(Self.depthLimit)") }
      var branches = [try branch()]
      while take("|") { branches.append(try branch()) }
      depth -= 1
      return branches.count == 1 ? branches[0] : .choice(branches)
    }

    mutating func branch() throws(VocabularyError) -> Node {
      var factors: [Node] = []
      while let scalar = next, scalar != "|", scalar != ")" { factors.append(try factor()) }
      return factors.count == 1 ? factors[0] : .sequence(factors)
    }

    mutating func factor() throws(VocabularyError) -> Node {
      let atom = try atom()
      let bounds: (minimum: Int, maximum: Int)
      switch next {
      case "?": bounds = (0, 1)
      case "*": bounds = (0, Int.max)
      case "+": bounds = (1, Int.max)
      case "{": bounds = try braces()
      default: return atom
      }
      position += 1
      if next == "?" { throw failure("a reluctant repetition") }
      let repetition: Repetition = take("+") ? .possessive : .greedy
      return .many(atom, minimum: bounds.minimum, maximum: bounds.maximum, repetition)
    }

    /// The bounds of `{n,m}`; stops before the closing brace.
    mutating func braces() throws(VocabularyError) -> (Int, Int) {
      position += 1
      let minimum = try number()
      guard take(",") else {
        guard let minimum, next == "}" else { throw failure("a repetition without numbers") }
        return (minimum, minimum)
      }
      let maximum = try number()
      guard next == "}", minimum != nil || maximum != nil else { throw failure("a repetition without numbers") }
      let bounds = (minimum ?? 0, maximum ?? Int.max)
      guard bounds.0 <= bounds.1 else { throw failure("a repetition whose bounds are reversed") }
      return bounds
    }

    mutating func number() throws(VocabularyError) -> Int? {
      var value: Int?
      while let scalar = next, let digit = Int("\(scalar)"), scalar.isASCII {
        value = (value ?? 0) * 10 + digit
        guard value ?? 0 <= 100_000 else { throw failure("a repetition of more than 100,000") }
        position += 1
      }
      return value
    }

    mutating func atom() throws(VocabularyError) -> Node {
      let scalar = try takeAny()
      switch scalar {
      case "(": return try group()
      case "[": return .set(try set())
      case "\\":
        if take("b") { return .wordBoundary }
        return .set(ScalarSet([try escape()]))
      case ".": return .set(ScalarSet([.range(0x0A...0x0A)], isInverted: true))
      case "$": return .lineEnd
      case "^": return .lineStart
      case "?", "*", "+", "{": throw failure("nothing to repeat")
      default: return .set(ScalarSet(cases(scalar)))
      }
    }

    mutating func group() throws(VocabularyError) -> Node {
      var wrap: (Node) -> Node = { $0 }
      let outer = ignoresCase
      if takeText("?:") {
      } else if takeText("?i:") {
        ignoresCase = true
      } else if takeText("?=") {
        wrap = { .lookahead($0, isNegative: false) }
      } else if takeText("?!") {
        wrap = { .lookahead($0, isNegative: true) }
      } else if next == "?" {
        throw failure("an unknown kind of group")
      }
      let inner = try choice()
      guard take(")") else { throw failure("\"(\" without \")\"") }
      ignoresCase = outer
      return wrap(inner)
    }

    /// The scalar alone, or with its other cases. `ſ` folds to `s` and the Kelvin sign to `k`.
    func cases(_ scalar: Unicode.Scalar) -> [ScalarSet.Item] {
      var values: Set<UInt32> = [scalar.value]
      if ignoresCase {
        for other in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
          let mapped = Array(other.unicodeScalars)
          if mapped.count == 1 { values.insert(mapped[0].value) }
        }
        if values.contains(0x73) { values.insert(0x17F) }
        if values.contains(0x6B) { values.insert(0x212A) }
      }
      return values.sorted().map { .range($0...$0) }
    }

    // MARK: Sets

    mutating func set() throws(VocabularyError) -> ScalarSet {
      depth += 1
      guard depth <= Self.depthLimit else { throw failure("nested deeper than \(Self.depthLimit)") }
      let isInverted = take("^")
      var items: [ScalarSet.Item] = []
      var operands: [ScalarSet] = []
      while true {
        let scalar = try takeAny()
        switch scalar {
        case "]":
          depth -= 1
          return ScalarSet.intersection(of: operands, ScalarSet(items), isInverted: isInverted)
        case "[":
          if next == ":" { throw failure("a POSIX bracket") }
          items.append(.set(try set()))
        case "&" where take("&"):
          operands.append(ScalarSet(items))
          items = []
        default:
          let first = scalar == "\\" ? try escape() : .range(scalar.value...scalar.value)
          items += try range(from: first, isEscape: scalar == "\\")
        }
      }
    }

    /// The range that begins with `first`, or `first` itself when no `-` and end follow.
    private mutating func range(
      from first: ScalarSet.Item, isEscape: Bool
    ) throws(VocabularyError) -> [ScalarSet.Item] {
      guard case .range(let start) = first, next == "-", position + 1 < scalars.count, scalars[position + 1] != "]"
      else {
        guard ignoresCase, case .range(let only) = first, let scalar = Unicode.Scalar(only.lowerBound) else {
          return [first]
        }
        return cases(scalar)
      }
      position += 1
      let scalar = try takeAny()
      let last = scalar == "\\" ? try escape() : .range(scalar.value...scalar.value)
      guard case .range(let end) = last, start.lowerBound <= end.lowerBound else {
        throw failure("a range whose ends are not two scalars in order")
      }
      if ignoresCase { throw failure("a range that ignores case") }
      return [.range(start.lowerBound...end.lowerBound)]
    }

    mutating func escape() throws(VocabularyError) -> ScalarSet.Item {
      func single(_ value: UInt32) -> ScalarSet.Item { .range(value...value) }
      let decimal = ScalarFacts.categories("Nd") ?? 0
      let scalar = try takeAny()
      switch scalar {
      case "r": return single(0x0D)
      case "n": return single(0x0A)
      case "t": return single(0x09)
      case "f": return single(0x0C)
      case "v": return single(0x0B)
      case "s": return .whiteSpace
      case "S": return .set(ScalarSet([.whiteSpace], isInverted: true))
      case "d": return .categories(decimal)
      case "D": return .set(ScalarSet([.categories(decimal)], isInverted: true))
      case "w": return .set(Pattern.wordSet)
      case "W": return .set(ScalarSet([.set(Pattern.wordSet)], isInverted: true))
      case "p", "P":
        guard take("{") else { throw failure("a property without a name") }
        let isInverted = take("^") != (scalar == "P")
        var name = ""
        while let part = next, part != "}" {
          name.unicodeScalars.append(part)
          position += 1
        }
        guard take("}"), let members = ScalarSet.Item.property(name) else {
          throw failure("the property \(name.quoted)")
        }
        return isInverted
          ? .set(ScalarSet(members, isInverted: true)) : members.count == 1 ? members[0] : .set(ScalarSet(members))
      default:
        let isSign = scalar.isASCII && !scalar.properties.isAlphabetic && scalar.properties.numericType == nil
        guard isSign else { throw failure("the escape \\\(scalar)") }
        return single(scalar.value)
      }
    }

    // MARK: Writing instructions

    mutating func append(_ instruction: Instruction) throws(VocabularyError) -> Int {
      guard instructions.count < Self.instructionLimit else { throw failure("too long to compile") }
      instructions.append(instruction)
      return instructions.count - 1
    }

    /// Appends the instructions of `node` that go on to `next`; returns the index of the first.
    mutating func emit(_ node: Node, next: Int) throws(VocabularyError) -> Int {
      switch node {
      case .set(let set): return try append(.one(set, next: next))
      case .sequence(let nodes):
        var start = next
        for node in nodes.reversed() { start = try emit(node, next: start) }
        return start
      case .choice(let nodes):
        var branches: [Int] = []
        for node in nodes { branches.append(try emit(node, next: next)) }
        return try append(.alternatives(branches))
      case .many(.set(let set), let minimum, let maximum, let repetition):
        return try append(.many(set, minimum: minimum, maximum: maximum, repetition, next: next))
      case .many(let inner, let minimum, let maximum, let repetition):
        guard maximum <= Self.copyLimit, repetition == .greedy else {
          throw failure("a group that repeats without bound")
        }
        var start = next
        for _ in minimum..<maximum {
          start = try append(.alternatives([emit(inner, next: start), next]))
        }
        for _ in 0..<minimum { start = try emit(inner, next: start) }
        return start
      case .lookahead(let inner, let isNegative):
        let start = try emit(inner, next: append(.accept))
        return try append(.lookahead(start: start, isNegative: isNegative, next: next))
      case .lineEnd: return try append(.lineEnd(next: next))
      case .lineStart: return try append(.lineStart(next: next))
      case .wordBoundary: return try append(.wordBoundary(next: next))
      }
    }
  }
}
