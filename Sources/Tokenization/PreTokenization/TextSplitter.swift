/// The compiled steps of a pre-tokenizer.
struct TextSplitter: Sendable {
  private let patterns: [Pattern]

  /// Compiles the steps of `rules`.
  init(_ rules: PreTokenizer) throws(VocabularyError) {
    var patterns: [Pattern] = []
    for step in rules.steps { patterns.append(try Pattern(step.pattern)) }
    self.patterns = patterns
  }

  /// Leaves text whole.
  init() { patterns = [] }

  /// Gives the words of `scalars[range]` in order; together they are all of it.
  func words(of scalars: [UInt32], _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    words(of: scalars, range, from: 0, body)
  }

  private func words(of scalars: [UInt32], _ range: Range<Int>, from step: Int, _ body: (Range<Int>) -> Void) {
    guard step < patterns.count else { return body(range) }
    patterns[step].words(in: scalars, range) { words(of: scalars, $0, from: step + 1, body) }
  }
}
