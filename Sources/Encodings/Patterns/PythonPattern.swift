import Bytes

/// A regular expression of Python's `re`, as quantization configurations name modules.
///
/// It answers one question: does `re.match` succeed, that is, does the pattern match at the start of a name? Which text
/// it matches is of no interest, so greedy and reluctant repetitions are the same, and the pattern runs as an automaton
/// that follows all alternatives at once:
///
///     a(b|c)*$      0 ─a─► 1 ─┬─b─► 1
///                             ├─c─► 1
///                             └─end─► match
///
/// Its time is the size of the pattern times the length of the name, where a matcher that backtracks needs exponential
/// time for patterns such as `(a|a)*b`.
struct PythonPattern: Hashable, Sendable {
  /// The pattern as it is written.
  let text: String
  /// The pattern itself, and after it those of its look-aheads.
  let programs: [[Instruction]]
  let sets: [ScalarSet]

  /// Longer names match no pattern; the names of modules have fewer than 200 scalars.
  static let longestName = 1_000

  /// Returns whether the pattern matches at the start of `name`.
  ///
  /// - Complexity: O(instructions × name); look-aheads multiply it by the length of the name.
  /// - Parameter steps: what is left of a budget, reduced by the work done.
  /// - Throws: when the budget is used up.
  func matches(_ name: String, steps: inout Int) throws(PythonPatternError) -> Bool {
    let scalars = Array(name.unicodeScalars)
    guard scalars.count <= Self.longestName else { return false }
    return try run(programs[0], on: scalars, from: 0, &steps)
  }

  private func run(
    _ program: [Instruction], on name: [Unicode.Scalar], from start: Int, _ steps: inout Int
  ) throws(PythonPatternError) -> Bool {
    // The position at which each instruction was last reached.
    var reached = [Int](repeating: -1, count: program.count)
    var waiting = [0], active: [Int] = []
    var position = start
    while true {
      while let index = waiting.popLast() {
        guard reached[index] != position else { continue }
        reached[index] = position
        steps -= 1
        switch program[index] {
        case .match: return true
        case .one: active.append(index)
        case .jump(let target): waiting.append(target)
        case .either(let first, let second): waiting += [second, first]
        case .assertion(let assertion):
          if try holds(assertion, on: name, at: position, &steps) { waiting.append(index + 1) }
        }
      }
      guard steps > 0 else { throw PythonPatternError(text, .budget) }
      guard position < name.count, !active.isEmpty else { return false }
      for index in active {
        if case .one(let low, let high, let set) = program[index], contains(name[position], low, high, set) {
          waiting.append(index + 1)
        }
      }
      steps -= active.count
      active.removeAll(keepingCapacity: true)
      position += 1
    }
  }

  private func contains(_ scalar: Unicode.Scalar, _ low: UInt64, _ high: UInt64, _ set: Int) -> Bool {
    switch scalar.value {
    case 0..<64: low >> UInt64(scalar.value) & 1 == 1
    case 64..<128: high >> UInt64(scalar.value - 64) & 1 == 1
    default: sets[set].contains(scalar)
    }
  }

  private func holds(
    _ assertion: Assertion, on name: [Unicode.Scalar], at position: Int, _ steps: inout Int
  ) throws(PythonPatternError) -> Bool {
    switch assertion {
    case .start: position == 0
    case .end: position == name.count
    // `$` also holds before a line feed that ends the name.
    case .endOfLine: position == name.count || position == name.count - 1 && name[position] == "\n"
    case .wordBoundary(let isInside):
      (position > 0 && name[position - 1].isPythonWord) == (position < name.count && name[position].isPythonWord)
        ? isInside : !isInside
    case .lookAhead(let program, let isNegative):
      try run(programs[program], on: name, from: position, &steps) != isNegative
    }
  }
}

extension PythonPattern {
  enum Instruction: Hashable, Sendable {
    /// Takes one scalar of the set and goes on with the next instruction; the words have a bit for each ASCII scalar in it.
    case one(low: UInt64, high: UInt64, set: Int)
    case jump(Int)
    case either(Int, Int)
    /// Goes on with the next instruction if it holds here.
    case assertion(Assertion)
    case match
  }

  enum Assertion: Hashable, Sendable {
    case start, end, endOfLine
    /// `\B` where `isInside`, else `\b`.
    case wordBoundary(isInside: Bool)
    case lookAhead(program: Int, isNegative: Bool)
  }
}

/// The scalars that one character of a pattern matches.
struct ScalarSet: Hashable, Sendable {
  enum Member: Hashable, Sendable {
    case range(ClosedRange<Unicode.Scalar>)
    case digit(isNegated: Bool), word(isNegated: Bool), space(isNegated: Bool)
  }

  var members: [Member]
  var isNegated = false

  /// `.`, which is not a line feed.
  static let any = ScalarSet(members: [.range("\n"..."\n")], isNegated: true)

  /// A bit for each of the 64 scalars from `first` on.
  func bits(from first: UInt32) -> UInt64 {
    (0..<64).reduce(into: UInt64(0)) { bits, offset in
      if let scalar = Unicode.Scalar(first + UInt32(offset)), contains(scalar) { bits |= 1 << UInt64(offset) }
    }
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let isMember = members.contains { member in
      switch member {
      case .range(let range): range.contains(scalar)
      case .digit(let isNegated): (scalar.properties.numericType == .decimal) != isNegated
      case .word(let isNegated): scalar.isPythonWord != isNegated
      case .space(let isNegated): scalar.properties.isWhitespace != isNegated
      }
    }
    return isMember != isNegated
  }
}

extension Unicode.Scalar {
  /// Whether `\w` matches it: letters, numbers, and the underscore.
  fileprivate var isPythonWord: Bool {
    if isASCII {
      return "a"..."z" ~= self || "A"..."Z" ~= self || "0"..."9" ~= self || self == "_"
    }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      return true
    default: return false
    }
  }
}

/// A pattern that is not run.
public struct PythonPatternError: Error, Hashable {
  enum Reason: Hashable {
    /// The pattern is not valid, or uses a construct that is not read.
    case construct(String)
    case size
    case budget
  }

  let pattern: String
  let reason: Reason

  init(_ pattern: String, _ reason: Reason) {
    self.pattern = pattern
    self.reason = reason
  }

  /// The fact, after the pattern's name.
  var fact: String {
    switch reason {
    case .construct(let construct): "has \(construct)"
    case .size: "is too large"
    case .budget: "takes too long"
    }
  }
}
