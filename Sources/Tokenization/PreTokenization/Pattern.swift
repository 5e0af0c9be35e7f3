// The regular expressions of tokenizers, as the Oniguruma library reads them:
//
//   expression  = branch { "|" branch }
//   branch      = { factor }
//   factor      = atom [ "?" | "*" | "+" | "{" n [ "," [ m ] ] "}" ] [ "+" ]       a second "+" is possessive
//   atom        = scalar | "." | "$" | "^" | "\b" | escape | set | group
//   set         = "[" [ "^" ] members { "&&" members } "]"                          the scalars that are in all of them
//   group       = "(" expression ")" | "(?:" … ")" | "(?i:" … ")" | "(?=" … ")" | "(?!" … ")"
//   escape      = "\r" "\n" "\t" … | "\s" "\S" "\d" "\D" "\w" "\W" | "\p{Name}" "\P{Name}" | "\" sign
//
// Only single sets repeat without a limit; a group may be optional or repeat a fixed, small number of times. The depth
// of backtracking therefore does not depend on the text.

/// A compiled regular expression over Unicode scalars, matched from left to right with backtracking.
struct Pattern: Sendable {
  /// Whether a repetition takes fewer scalars than it could where the rest does not match otherwise.
  enum Repetition: Sendable { case greedy, possessive }

  /// One instruction; `next` is the index of the one that follows.
  enum Instruction: Sendable {
    case one(ScalarSet, next: Int)
    case many(ScalarSet, minimum: Int, maximum: Int, Repetition, next: Int)
    case alternatives([Int])
    case lookahead(start: Int, isNegative: Bool, next: Int)
    case lineEnd(next: Int)
    case lineStart(next: Int)
    case wordBoundary(next: Int)
    case accept
  }

  private let instructions: [Instruction]
  private let start: Int

  init(instructions: [Instruction], start: Int) {
    self.instructions = instructions
    self.start = start
  }

  /// The end of the match that begins at `position` of `scalars[bounds]`; nil if there is none.
  func matchEnd(in scalars: [UInt32], _ bounds: Range<Int>, at position: Int) -> Int? {
    let end = run(start, scalars, bounds, position)
    return end < 0 ? nil : end
  }

  /// The end of the match, or -1.
  private func run(_ first: Int, _ scalars: [UInt32], _ bounds: Range<Int>, _ from: Int) -> Int {
    var index = first
    var position = from
    while true {
      switch instructions[index] {
      case .accept: return position
      case .one(let set, let next):
        guard position < bounds.upperBound, set.contains(scalars[position]) else { return -1 }
        position += 1
        index = next
      case .many(let set, let minimum, let maximum, let repetition, let next):
        let limit = min(bounds.upperBound, maximum < bounds.upperBound - position ? position + maximum : Int.max)
        var end = position
        while end < limit, set.contains(scalars[end]) { end += 1 }
        guard end - position >= minimum else { return -1 }
        if repetition == .greedy {
          while end > position + minimum {
            let result = run(next, scalars, bounds, end)
            if result >= 0 { return result }
            end -= 1
          }
        }
        position = end
        index = next
      case .alternatives(let branches):
        for branch in branches.dropLast() {
          let result = run(branch, scalars, bounds, position)
          if result >= 0 { return result }
        }
        guard let last = branches.last else { return -1 }
        index = last
      case .lookahead(let inner, let isNegative, let next):
        guard (run(inner, scalars, bounds, position) >= 0) != isNegative else { return -1 }
        index = next
      case .lineEnd(let next):
        guard position == bounds.upperBound || scalars[position] == 0x0A else { return -1 }
        index = next
      case .lineStart(let next):
        guard position == bounds.lowerBound || scalars[position - 1] == 0x0A else { return -1 }
        index = next
      case .wordBoundary(let next):
        let before = position > bounds.lowerBound && Pattern.wordSet.contains(scalars[position - 1])
        let after = position < bounds.upperBound && Pattern.wordSet.contains(scalars[position])
        guard before != after else { return -1 }
        index = next
      }
    }
  }

  /// `\w`: letters, marks, decimal digits and connecting punctuation.
  static let wordSet = ScalarSet(
    ["L", "M", "Nd", "Pc"].compactMap { ScalarFacts.categories($0) }.map { ScalarSet.Item.categories($0) })
}

extension Pattern {
  /// The sets of scalars that the expression distinguishes.
  var sets: Set<ScalarSet> {
    var sets: Set<ScalarSet> = []
    for instruction in instructions {
      switch instruction {
      case .one(let set, _), .many(let set, _, _, _, _): sets.insert(set)
      case .lineEnd, .lineStart: sets.insert(ScalarSet([.range(0x0A...0x0A)]))
      case .wordBoundary: sets.insert(Self.wordSet)
      case .alternatives, .lookahead, .accept: break
      }
    }
    return sets
  }

  /// Splits `scalars[bounds]` into matches and the text between them, in order; together they are the whole range.
  func words(in scalars: [UInt32], _ bounds: Range<Int>, _ body: (Range<Int>) -> Void) {
    var position = bounds.lowerBound
    var gap = position
    while position < bounds.upperBound {
      guard let end = matchEnd(in: scalars, bounds, at: position), end > position else {
        position += 1
        continue
      }
      if gap < position { body(gap..<position) }
      body(position..<end)
      position = end
      gap = end
    }
    if gap < position { body(gap..<position) }
  }
}
