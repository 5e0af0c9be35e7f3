/// WordPiece encoding: BERT's normalization, the split into words, and the longest pieces first.
struct WordPiece: Sendable {
  /// The prefix of a piece that continues a word, in the files of a model folder.
  static let continuation = Array("##".utf8)
  /// A word with more characters than this is unknown as a whole (`max_input_chars_per_word`).
  static let wordScalarLimit = 100

  let rules: WordRules

  /// The normalized text: cleaned, Han characters separated, accents stripped, lowercased.
  func prepare(_ text: String) -> String {
    var view = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      guard !rules.cleansText || !Self.isDropped(scalar) else { continue }
      let written = rules.cleansText && Self.isSpace(scalar) ? " " : scalar
      if rules.separatesHan, Self.isHan(written.value) {
        view.append(contentsOf: [" ", written, " "])
      } else {
        view.append(written)
      }
    }
    if rules.stripsAccents {
      view = String(view).decomposedScalars
      view.removeAll(where: Self.isAccent)
    }
    guard rules.lowercases else { return String(view) }
    var lower = String.UnicodeScalarView()
    // Scalar by scalar: lowercasing does not depend on the neighbors.
    for scalar in view { lower.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars) }
    return String(lower)
  }

  /// The words of normalized text: split at white space, with each punctuation character separate.
  func words(_ scalars: [Unicode.Scalar], _ body: (Range<Int>) -> Void) {
    var start = 0
    for (index, scalar) in scalars.enumerated() {
      let isSpace = scalar.properties.isWhitespace
      guard isSpace || Self.isPunctuation(scalar) else { continue }
      if start < index { body(start..<index) }
      if !isSpace { body(index..<index + 1) }
      start = index + 1
    }
    if start < scalars.count { body(start..<scalars.count) }
  }

  /// The ids of a word's pieces, the longest first from the left; nil if it cannot be split into pieces.
  func pieces(of word: ArraySlice<Unicode.Scalar>, id: (ByteStringView) -> Int?) -> [Int]? {
    guard word.count <= Self.wordScalarLimit else { return nil }
    var ids: [Int] = []
    var start = word.startIndex
    while start < word.endIndex {
      var end = word.endIndex
      var found: Int?
      while end > start {
        found = id(ByteStringView(scalars: word[start..<end], beginsWord: start == word.startIndex))
        if found != nil { break }
        end -= 1
      }
      guard let found else { return nil }
      ids.append(found)
      start = end
    }
    return ids
  }

  /// A candidate for a piece: the scalars, and whether they begin a word.
  struct ByteStringView {
    let scalars: ArraySlice<Unicode.Scalar>
    let beginsWord: Bool

    /// The bytes of the piece in the vocabulary.
    var bytes: [UInt8] {
      var bytes = beginsWord ? SentencePieceText.space : []
      for scalar in scalars { bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
      return bytes
    }
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\t" || scalar == "\n" || scalar == "\r" || scalar.properties.isWhitespace
  }

  // The tokenizers library uses the categories of the crate unicode_categories 0.1.1, whose tables are those of Unicode
  // 8: scalars assigned later have none, and the few listed below have changed their category since.

  private static func isKnown(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.age.map { $0.major <= 8 } ?? false }

  /// Whether cleaning drops the scalar: NUL, U+FFFD, and the categories of `C` except tab, line ends and unassigned.
  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "\t" || scalar == "\n" || scalar == "\r" { return false }
    switch scalar.properties.generalCategory {
    case .control, .surrogate, .privateUse: return true
    case .format: return isKnown(scalar)
    default: return scalar.value == 0 || scalar.value == 0xFFFD
    }
  }

  private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1734: true
    case 0x1885, 0x1886, 0xA9BD, 0x111C9: false
    default: scalar.properties.generalCategory == .nonspacingMark && isKnown(scalar)
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E, 0x166D, 0x111C9: true
    case 0..<0x80: false
    default:
      punctuation >> UInt32(ScalarFacts.of(scalar.value) & ScalarFacts.categoryMask) & 1 != 0 && isKnown(scalar)
    }
  }

  private static let punctuation = ScalarFacts.categories("P") ?? 0

  /// The blocks that BERT calls Chinese: unified ideographs and their extensions and compatibility forms.
  static func isHan(_ value: UInt32) -> Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
      0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
