/// The pairs of neighboring scalars between which one of two rules may cut where the other does not.
///
/// Rules see classes of scalars alone, so a text of representatives is like all texts of the same classes. All texts of up
/// to three classes are tried, contractions between two classes, runs of a class before another, and random texts.
struct CutDifferences {
  private let classes: ScalarClasses
  private var pairs: Set<Int> = []
  private var firsts: Set<Int> = []
  private var seconds: Set<Int> = []

  /// Compares two rules; nil if one of them works on bytes.
  init?(_ one: CompiledPreTokenizer, _ other: CompiledPreTokenizer) {
    guard let sets = one.sets, let others = other.sets, let classes = ScalarClasses(sets.union(others)) else {
      return nil
    }
    self.classes = classes
    let count = classes.representatives.count
    func compare(_ text: [Int]) {
      let scalars = text.map { classes.representatives[$0] }
      let cuts = Self.cuts(scalars, one), otherCuts = Self.cuts(scalars, other)
      guard cuts != otherCuts else { return }
      for cut in cuts.symmetricDifference(otherCuts) {
        pairs.insert(text[cut - 1] * count + text[cut])
        firsts.insert(text[cut - 1])
        seconds.insert(text[cut])
      }
    }
    for first in 0..<count {
      for second in 0..<count {
        compare([first, second])
        for third in 0..<count { compare([first, second, third]) }
        for length in Self.runLengths { compare([Int](repeating: first, count: length) + [second]) }
      }
    }
    for contraction in Self.contractions {
      let classes = contraction.unicodeScalars.compactMap { classes.index(of: $0.value) }
      for first in 0..<count {
        compare(classes + [first])
        for second in 0..<count { compare([first] + classes + [second]) }
      }
    }
    var random: UInt64 = 1
    func draw(_ limit: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % limit
    }
    for _ in 0..<Self.randomTextCount { compare((0..<4 + draw(5)).map { _ in draw(count) }) }
  }

  private static let randomTextCount = 50_000
  /// The known rules group up to three digits.
  private static let runLengths = [4, 5, 7]
  /// Contractions in either case, which some rules cut off.
  private static let contractions = [
    "'s", "'S", "'t", "'T", "'m", "'M", "'d", "'D", "'re", "'Re", "'rE", "'RE", "'ve", "'Ve", "'vE", "'VE", "'ll",
    "'Ll", "'lL", "'LL",
  ]

  /// The offsets inside `scalars` at which `rules` cuts.
  private static func cuts(_ scalars: [UInt32], _ rules: CompiledPreTokenizer) -> Set<Int> {
    var cuts: Set<Int> = []
    rules.words(of: scalars, 0..<scalars.count) { if $0.lowerBound > 0 { cuts.insert($0.lowerBound) } }
    return cuts
  }

  /// The places where only one of the rules cuts that a token spans.
  enum Span: Comparable {
    case none
    /// A place in white space, or next to a character of which the token has only some bytes.
    case besideWords
    /// A place between two characters, one of which is not white space.
    case betweenCharacters
  }

  /// Whether a token of these bytes may span a place where only one of the rules cuts.
  ///
  /// A character of which the token has only some bytes counts as any character beyond ASCII.
  func span(of token: [UInt8]) -> Span {
    var span = Span.none
    var previous: Piece?
    for piece in Self.pieces(token) {
      if let previous, mayCut(between: previous, piece) {
        if case (.scalar(let first), .scalar(let second)) = (previous, piece),
          !Self.isWhiteSpace(first) || !Self.isWhiteSpace(second)
        {
          return .betweenCharacters
        }
        span = .besideWords
      }
      previous = piece
    }
    return span
  }

  /// A character of a token, or some of the bytes of one.
  private enum Piece { case scalar(UInt32), part }

  private func mayCut(between one: Piece, _ other: Piece) -> Bool {
    switch (one, other) {
    case (.scalar(let first), .scalar(let second)):
      guard let left = classes.index(of: first), let right = classes.index(of: second) else { return true }
      return pairs.contains(left * classes.representatives.count + right)
    case (.scalar(let first), .part): return classes.index(of: first).map(firsts.contains) ?? true
    case (.part, .scalar(let second)): return classes.index(of: second).map(seconds.contains) ?? true
    case (.part, .part): return !pairs.isEmpty
    }
  }

  private static func isWhiteSpace(_ value: UInt32) -> Bool { ScalarFacts.of(value) & ScalarFacts.whiteSpace != 0 }

  private static func pieces(_ token: [UInt8]) -> [Piece] {
    var pieces: [Piece] = []
    var position = 0
    while position < token.count {
      let length = SentencePieceText.scalarByteCount(token[position])
      let end = min(position + length, token.count)
      let text = String(validating: token[position..<end], as: UTF8.self)
      if let scalar = text?.unicodeScalars.first {
        pieces.append(.scalar(scalar.value))
        position = end
        continue
      }
      // The bytes up to the next scalar belong to one.
      repeat { position += 1 } while position < token.count && token[position] & 0xC0 == 0x80
      pieces.append(.part)
    }
    return pieces
  }
}
