/// The compiled steps of a pre-tokenizer.
struct CompiledPreTokenizer: Sendable {
  private let patterns: [Pattern]
  /// The steps that work on bytes as `ByteLevel` writes them.
  private let bytePatterns: [Pattern]

  /// Compiles the steps of `rules`.
  init(_ rules: PreTokenizer) throws(VocabularyError) {
    var patterns: [Pattern] = []
    for step in rules.steps { patterns.append(try Pattern(step.pattern)) }
    let end = rules.steps.firstIndex(of: .byteLevel).map { $0 + 1 } ?? patterns.count
    self.patterns = Array(patterns[..<end])
    bytePatterns = Array(patterns[end...])
  }

  /// Does not split text.
  init() {
    patterns = []
    bytePatterns = []
  }

  /// Gives the parts into which the steps after `ByteLevel` cut a word, in order; the bytes of each.
  func parts(of word: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
    guard !bytePatterns.isEmpty else { return body(word) }
    let scalars = word.map { ByteLevel.scalars[Int($0)].value }
    words(of: scalars, 0..<scalars.count, bytePatterns[...]) { part in
      body(word[word.startIndex + part.lowerBound..<word.startIndex + part.upperBound])
    }
  }

  /// Calls `body` with the words of `scalars[range]` in order; together they are the whole range.
  func words(of scalars: [UInt32], _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    words(of: scalars, range, patterns[...], body)
  }

  private func words(
    of scalars: [UInt32], _ range: Range<Int>, _ patterns: ArraySlice<Pattern>, _ body: (Range<Int>) -> Void
  ) {
    guard let first = patterns.first else { return body(range) }
    first.words(in: scalars, range) { words(of: scalars, $0, patterns.dropFirst(), body) }
  }
}
