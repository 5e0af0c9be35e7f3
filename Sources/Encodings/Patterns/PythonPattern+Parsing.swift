import Bytes

extension PythonPattern {
  /// The largest number of instructions; a repetition such as `{3,10}` is written out.
  static let largestProgram = 2_000
  /// The deepest nesting of groups.
  static let deepestGroup = 50

  /// Compiles a pattern.
  ///
  /// Read are literals, `.`, classes, groups, alternatives, repetitions, look-ahead, `^`, `$`, `\A`, `\Z`, `\b` and `\B`.
  /// Lookbehind, references, flags, atomic groups and possessive repetitions are refused by name.
  init(_ text: String) throws(PythonPatternError) {
    var compiler = PatternCompiler(text)
    programs = try compiler.compile()
    sets = compiler.sets
    self.text = text
  }
}

/// Compiles a pattern from left to right, a piece of a program for each piece of the pattern.
private struct PatternCompiler {
  private typealias Code = [PythonPattern.Instruction]

  private static let largestCount = 1_000

  private let text: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  /// The programs of look-aheads, of which the first are those that are complete; 0 is the pattern itself.
  private var programs: [[PythonPattern.Instruction]] = [[]]
  private(set) var sets: [ScalarSet] = []

  init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  mutating func compile() throws(PythonPatternError) -> [[PythonPattern.Instruction]] {
    guard scalars.count <= PythonPattern.largestProgram else { throw PythonPatternError(text, .size) }
    programs[0] = try alternatives(depth: 0) + [.match]
    guard position == scalars.count else { throw construct("a closing parenthesis without an opening one") }
    return programs
  }

  private func construct(_ words: String) -> PythonPatternError { PythonPatternError(text, .construct(words)) }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  /// A part of the pattern.
  private func text(_ start: Int, _ end: Int) -> String {
    String(String.UnicodeScalarView(scalars[start..<max(start, end)]))
  }

  private mutating func take(_ literal: String) -> Bool {
    let expected = Array(literal.unicodeScalars)
    guard scalars.dropFirst(position).starts(with: expected) else { return false }
    position += expected.count
    return true
  }

  private func checked(_ code: Code) throws(PythonPatternError) -> Code {
    guard code.count <= PythonPattern.largestProgram, programs.count <= PythonPattern.largestProgram else {
      throw PythonPatternError(text, .size)
    }
    return code
  }

  // MARK: - Structure

  private mutating func alternatives(depth: Int) throws(PythonPatternError) -> Code {
    guard depth <= PythonPattern.deepestGroup else { throw PythonPatternError(text, .size) }
    var code = try sequence(depth: depth)
    while take("|") {
      let other = try sequence(depth: depth)
      // either 1 or other; code; jump past; other
      code =
        [.either(1, code.count + 2)] + code.moved(by: 1) + [.jump(code.count + 2 + other.count)]
        + other.moved(by: code.count + 2)
      code = try checked(code)
    }
    return code
  }

  private mutating func sequence(depth: Int) throws(PythonPatternError) -> Code {
    var code: Code = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let piece = try repeated(try atom(depth: depth))
      code = try checked(code + piece.moved(by: code.count))
    }
    return code
  }

  /// The piece with its repetition, if one follows.
  private mutating func repeated(_ piece: Code) throws(PythonPatternError) -> Code {
    let start = position
    guard let (least, most) = repetition() else { return piece }
    if take("+") { throw construct("a possessive repetition") }
    _ = take("?")
    if repetition() != nil { throw construct("a repetition of a repetition") }
    if let most, most < least { throw construct("a repetition \(text(start, position)) without any count") }
    let count = most ?? least
    guard count <= Self.largestCount, piece.count * (count + 1) <= PythonPattern.largestProgram else {
      throw PythonPatternError(text, .size)
    }
    var code: Code = []
    for _ in 0..<least { code += piece.moved(by: code.count) }
    guard let most else {
      // either piece or past; piece; jump back
      let loop: Code = [.either(1, piece.count + 2)] + piece.moved(by: 1) + [.jump(0)]
      return try checked(code + loop.moved(by: code.count))
    }
    for _ in least..<most {
      let optional: Code = [.either(1, piece.count + 1)] + piece.moved(by: 1)
      code += optional.moved(by: code.count)
    }
    return try checked(code)
  }

  /// `*`, `+`, `?`, `{3}`, `{3,}`, `{,3}` or `{3,5}`; anything else in braces is literal.
  private mutating func repetition() -> (least: Int, most: Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard next == "{", let end = scalars[position...].firstIndex(of: "}") else { return nil }
    let inside = text(position + 1, end)
    let bounds = inside.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = bounds.map { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int($0) : nil }
    let isNumeric = zip(bounds, numbers).allSatisfy { $0.isEmpty || $1 != nil }
    switch bounds.count {
    case 1:
      guard let count = numbers[0] else { return nil }
      position = end + 1
      return (count, count)
    case 2 where isNumeric:
      position = end + 1
      return (numbers[0] ?? 0, numbers[1])
    default: return nil
    }
  }

  private mutating func atom(depth: Int) throws(PythonPatternError) -> Code {
    guard let scalar = next else { return [] }
    position += 1
    switch scalar {
    case "(": return try group(depth: depth + 1)
    case "[": return one(try characterClass())
    case ".": return one(.any)
    case "^": return [.assertion(.start)]
    case "$": return [.assertion(.endOfLine)]
    case "\\": return try escape()
    case "*", "+", "?": throw construct("a repetition of nothing")
    default: return one(ScalarSet(members: [.range(scalar...scalar)]))
    }
  }

  private mutating func one(_ set: ScalarSet) -> Code {
    sets.append(set)
    return [.one(low: set.bits(from: 0), high: set.bits(from: 64), set: sets.count - 1)]
  }

  private mutating func group(depth: Int) throws(PythonPatternError) -> Code {
    var lookAhead: Bool?
    if take("?") {
      if take("=") {
        lookAhead = false
      } else if take("!") {
        lookAhead = true
      } else if take("P<") {
        guard let end = scalars[position...].firstIndex(of: ">") else { throw construct("an unfinished group name") }
        position = end + 1
      } else if !take(":") {
        throw construct(
          next == "<" ? "lookbehind" : "a group that is not read, \("(?" + (next.map(String.init) ?? ""))")
      }
    }
    let inside = try alternatives(depth: depth)
    guard take(")") else { throw construct("an opening parenthesis without a closing one") }
    guard let isNegative = lookAhead else { return inside }
    programs.append(inside + [.match])
    return [.assertion(.lookAhead(program: programs.count - 1, isNegative: isNegative))]
  }

  // MARK: - Characters

  private mutating func escape() throws(PythonPatternError) -> Code {
    switch next {
    case "A": position += 1; return [.assertion(.start)]
    case "Z": position += 1; return [.assertion(.end)]
    case "b": position += 1; return [.assertion(.wordBoundary(isInside: false))]
    case "B": position += 1; return [.assertion(.wordBoundary(isInside: true))]
    default: return one(ScalarSet(members: [try escapedMember()]))
    }
  }

  /// What follows a backslash, in a class or outside.
  private mutating func escapedMember() throws(PythonPatternError) -> ScalarSet.Member {
    guard let scalar = next else { throw construct("a backslash at its end") }
    position += 1
    func one(_ scalar: Unicode.Scalar) -> ScalarSet.Member { .range(scalar...scalar) }
    switch scalar {
    case "d": return .digit(isNegated: false)
    case "D": return .digit(isNegated: true)
    case "w": return .word(isNegated: false)
    case "W": return .word(isNegated: true)
    case "s": return .space(isNegated: false)
    case "S": return .space(isNegated: true)
    case "n": return one("\n")
    case "t": return one("\t")
    case "r": return one("\r")
    case "f": return one("\u{0C}")
    case "v": return one("\u{0B}")
    case "a": return one("\u{07}")
    case "x": return one(try hexadecimal(digits: 2))
    case "u": return one(try hexadecimal(digits: 4))
    case "0"..."9": throw construct("a reference \\\(scalar)")
    case "a"..."z", "A"..."Z": throw construct("an escape that is not read, \\\(scalar)")
    default: return one(scalar)
    }
  }

  private mutating func hexadecimal(digits: Int) throws(PythonPatternError) -> Unicode.Scalar {
    let end = min(position + digits, scalars.count)
    let spelling = text(position, end)
    guard spelling.count == digits, let value = UInt32(spelling, radix: 16), spelling.first != "+",
      spelling.first != "-",
      let scalar = Unicode.Scalar(value)
    else { throw construct("an escape without its hexadecimal digits") }
    position = end
    return scalar
  }

  private mutating func characterClass() throws(PythonPatternError) -> ScalarSet {
    var set = ScalarSet(members: [], isNegated: take("^"))
    var isFirst = true
    while let scalar = next, isFirst || scalar != "]" {
      isFirst = false
      let member = try classMember()
      if next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
        position += 1
        guard case .range(let low) = member, case .range(let high) = try classMember(),
          low.lowerBound <= high.upperBound
        else { throw construct("a range of characters without any") }
        set.members.append(.range(low.lowerBound...high.upperBound))
      } else {
        set.members.append(member)
      }
    }
    guard take("]") else { throw construct("an opening bracket without a closing one") }
    return set
  }

  private mutating func classMember() throws(PythonPatternError) -> ScalarSet.Member {
    guard let scalar = next else { throw construct("an opening bracket without a closing one") }
    if scalar == "\\" {
      position += 1
      guard next == "b" else { return try escapedMember() }
      position += 1
      return .range("\u{08}"..."\u{08}")
    }
    position += 1
    return .range(scalar...scalar)
  }
}

extension [PythonPattern.Instruction] {
  /// The instructions with their targets `offset` further on.
  fileprivate func moved(by offset: Int) -> Self {
    offset == 0
      ? self
      : map { instruction in
        switch instruction {
        case .jump(let target): .jump(target + offset)
        case .either(let first, let second): .either(first + offset, second + offset)
        case .one, .assertion, .match: instruction
        }
      }
  }
}
