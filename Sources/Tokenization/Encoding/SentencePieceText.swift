/// SentencePiece's preparation of text.
enum SentencePieceText {
  /// The UTF-8 of `▁` (U+2581), which represents a space.
  static let space: [UInt8] = [0xE2, 0x96, 0x81]

  /// The name of the token for one byte: `<0x0A>`.
  static func byteName(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
  }

  /// The length of the UTF-8 sequence that begins with `first`; 1 for an invalid first byte.
  static func scalarByteCount(_ first: UInt8) -> Int {
    switch first {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }

  /// `text` with spaces written as `▁`, after the prefix.
  static func prepare(_ text: ArraySlice<UInt8>, prefix: Vocabulary.SpacePrefix, isFirst: Bool) -> [UInt8] {
    let beginsWithSpace = text.first == 0x20 || text.starts(with: space)
    let isPrefixed =
      switch prefix {
      case .never: false
      case .first: isFirst && !beginsWithSpace
      case .firstAlways: isFirst
      case .everySegment: !beginsWithSpace
      case .everySegmentAlways: true
      }
    var prepared = isPrefixed ? space : []
    prepared.reserveCapacity(text.count + text.count / 3 + 3)
    for byte in text {
      if byte == 0x20 { prepared += space } else { prepared.append(byte) }
    }
    return prepared
  }

  /// The segments of `text` that unigram pieces are searched in: each begins at a space, written as `▁`.
  ///
  /// - Parameters:
  ///   - cutsAtSpaces: whether any run of white space is one boundary; otherwise each space begins a segment.
  ///   - addsPrefix: whether a segment without a space at its start gets one.
  static func words(_ text: ArraySlice<UInt8>, cutsAtSpaces: Bool, addsPrefix: Bool) -> [[UInt8]] {
    guard cutsAtSpaces else {
      var words: [[UInt8]] = []
      let prefix: ArraySlice<UInt8> = addsPrefix && text.first != 0x20 && !text.starts(with: space) ? [0x20] : []
      for byte in prefix + text {
        if byte == 0x20 {
          words.append(space)
        } else if words.isEmpty {
          words.append([byte])
        } else {
          words[words.count - 1].append(byte)
        }
      }
      return words
    }
    var words: [[UInt8]] = []
    var word: [UInt8] = []
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      if scalar.properties.isWhitespace {
        if !word.isEmpty { words.append(word) }
        word = []
      } else {
        word.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      }
    }
    if !word.isEmpty { words.append(word) }
    return addsPrefix ? words.map { $0.starts(with: space) ? $0 : space + $0 } : words
  }
}
