import Tensors

/// The compiled steps of a pre-tokenizer.
struct CompiledPreTokenizer: Sendable {
  private let patterns: [Pattern]
  /// The steps that work on bytes as `ByteLevel` writes them.
  private let bytePatterns: [Pattern]

  /// Compiles `steps`.
  init(_ steps: [PreTokenizer.Step]) throws(VocabularyError) {
    var patterns: [Pattern] = []
    for step in steps { patterns.append(try Pattern(step.pattern)) }
    let end = steps.firstIndex(of: .byteLevel).map { $0 + 1 } ?? patterns.count
    self.patterns = Array(patterns[..<end])
    bytePatterns = Array(patterns[end...])
  }

  /// The sets of scalars that the steps distinguish; nil if a step works on bytes.
  var sets: Set<ScalarSet>? {
    bytePatterns.isEmpty ? patterns.reduce(into: []) { $0.formUnion($1.sets) } : nil
  }

  /// Does not split text.
  init() {
    patterns = []
    bytePatterns = []
  }

  /// Gives the words of `text`, which is UTF-8, in order; the bytes of each.
  func words(of text: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
    var scalars: [UInt32] = []
    var offsets: [Int] = []
    scalars.reserveCapacity(text.count)
    offsets.reserveCapacity(text.count + 1)
    var offset = text.startIndex
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      scalars.append(scalar.value)
      offsets.append(offset)
      offset += UTF8.width(scalar)
    }
    offsets.append(offset)
    words(of: scalars, 0..<scalars.count) { word in
      parts(of: text[offsets[word.lowerBound]..<offsets[word.upperBound]], body)
    }
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
