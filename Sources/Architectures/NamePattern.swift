import Tensors

/// A whole tensor name with the placeholders `{layer}` and `{instance}` for decimal indices: `blk.{layer}.attn_q.weight`.
///
/// A pattern matches whole names only, so that no name is ever changed by replacing a part of it. Names of tensors that are
/// left out may end in `{rest}`, which matches anything: `vision_tower.{rest}`.
public struct NamePattern: Hashable, Sendable, CustomStringConvertible {
  /// The pattern as the definition spells it.
  public let text: String
  private let pieces: [Piece]
  /// Which layers it names.
  private var layers = Layers.all

  private enum Layers: Hashable, Sendable {
    case all
    /// Those before this one; nil if the number is not known yet.
    case before(Int?)
    /// Those from this one on, counted from 0.
    case from(Int?)
  }

  private enum Piece: Hashable, Sendable {
    case text(String)
    case layer
    case instance
    case rest
  }

  private static let rest = "{rest}"

  /// Whether a pattern may end in `{rest}`.
  public enum Wildcard: Sendable { case none, trailing }

  /// A pattern, or nil if a placeholder is unknown, occurs twice or is not between dots.
  public init?(_ text: String, wildcard: Wildcard = .none) {
    self.text = text
    let bytes = Array(text.utf8), isOpen = wildcard == .trailing && text.hasSuffix("." + Self.rest)
    var pieces: [Piece] = []
    var rest = isOpen ? bytes.dropLast(Self.rest.utf8.count) : bytes[...]
    while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
      pieces.append(.text(String(decoding: rest[..<open], as: UTF8.self)))
      rest = rest[open...]
      guard let word = Self.placeholders.first(where: { rest.starts(with: $0.word) }), !pieces.contains(word.piece)
      else { return nil }
      pieces.append(word.piece)
      guard open == 0 || bytes[open - 1] == UInt8(ascii: ".") else { return nil }
      rest = rest.dropFirst(word.word.count)
      guard rest.isEmpty || rest.first == UInt8(ascii: ".") else { return nil }
    }
    guard !rest.contains(UInt8(ascii: "}")) else { return nil }
    self.pieces = pieces + [.text(String(decoding: rest, as: UTF8.self))] + (isOpen ? [.rest] : [])
  }

  /// Whether the tensor occurs once in every layer.
  public var isPerLayer: Bool { pieces.contains(.layer) || isOfPrediction }
  /// Whether it names layers that predict more tokens, which count from 0.
  var isOfPrediction: Bool { if case .from = layers { true } else { false } }

  /// The pattern as one of the layers from `first` on, which it counts from 0.
  func counting(fromPrediction first: Int?) -> NamePattern {
    var pattern = self
    pattern.layers = .from(first)
    return pattern
  }

  /// The pattern as one of the layers before `first`.
  func ending(atPrediction first: Int?) -> NamePattern {
    var pattern = self
    pattern.layers = .before(first)
    return pattern
  }

  /// Whether `layer` is one of those that it names.
  func canName(layer: Int?) -> Bool {
    guard let layer else { return true }
    return switch layers {
    case .all, .before(nil), .from(nil): true
    case .before(let first?): layer < first
    case .from(let first?): layer >= first
    }
  }

  /// The number of a layer as the name counts it; the first one if the name has no number.
  func predictionIndex(_ name: TensorName) -> Int? {
    guard isOfPrediction, var match = bareMatch(name) else { return nil }
    if !pieces.contains(.layer) { match.layer = 0 }
    return match.layer
  }

  /// Whether the tensor occurs once for every instance.
  public var isPerInstance: Bool { pieces.contains(.instance) }

  /// The name in layer `layer` for instance `instance`, which are ignored by a pattern without them.
  public func name(layer: Int?, instance: Int? = nil) -> TensorName {
    var first = 0
    if case .from(let number?) = layers { first = number }
    return TensorName(
      pieces.reduce(into: "") { name, piece in
        switch piece {
        case .text(let text): name += text
        case .layer: name += "\(Swift.max(0, (layer ?? 0) - first))"
        case .instance: name += "\(instance ?? 0)"
        case .rest: name += Self.rest
        }
      })
  }

  /// Returns the pattern with `replacement` for the prefix; itself if it does not have the prefix.
  func replacingPrefix(_ prefix: String, with replacement: String) -> NamePattern {
    guard text.hasPrefix(prefix) else { return self }
    return NamePattern(replacement + text.dropFirst(prefix.count), wildcard: pieces.last == .rest ? .trailing : .none)
      ?? self
  }

  /// The lookup key of the pattern and of the names that match it: with `#` for every index.
  var key: String { Self.key(text) }

  /// Returns the name with `#` for each number between dots.
  static func key(_ name: TensorName) -> String { key(name.text) }

  private static let placeholders: [(word: [UInt8], piece: Piece)] = [
    (Array("{layer}".utf8), .layer), (Array("{instance}".utf8), .instance),
  ]

  /// Returns the name or pattern with `#` for each number and each placeholder between dots.
  private static func key(_ text: String) -> String {
    var key: [UInt8] = []
    key.reserveCapacity(text.utf8.count)
    var wordStart = 0
    func endWord() {
      let word = key[wordStart...]
      guard !word.isEmpty,
        word.allSatisfy({ (0x30...0x39).contains($0) }) || placeholders.contains(where: { word.elementsEqual($0.word) })
      else { return }
      key.replaceSubrange(wordStart..., with: CollectionOfOne(UInt8(ascii: "#")))
    }
    for byte in text.utf8 {
      if byte == UInt8(ascii: ".") {
        endWord()
        wordStart = key.count + 1
      }
      key.append(byte)
    }
    endWord()
    return String(decoding: key, as: UTF8.self)
  }

  /// A match of a name.
  public struct Match: Hashable, Sendable {
    /// The layer index; nil for a pattern without one.
    public var layer: Int?
    /// The instance index; nil for a pattern without one.
    public var instance: Int?
  }

  /// Returns the match of `name`; nil if it does not match. The layer is nil if only its number in the name is known.
  public func match(_ name: TensorName) -> Match? {
    guard case .from(let first) = layers, var match = bareMatch(name) else { return bareMatch(name) }
    match.layer = first.map { $0 + (match.layer ?? 0) }
    return match
  }

  /// The match by the numbers in the name. Indices have no sign, no leading zero and at most six digits.
  private func bareMatch(_ name: TensorName) -> Match? {
    var match = Match()
    let bytes = name.text.utf8Span.span
    var start = 0
    for piece in pieces {
      if case .text(let text) = piece {
        let part = text.utf8Span.span
        guard bytes.count - start >= part.count else { return nil }
        for index in part.indices where bytes[start + index] != part[index] { return nil }
        start += part.count
        continue
      }
      if piece == .rest { return start == bytes.count ? nil : match }
      var end = start, index = 0
      while end < bytes.count, end - start <= 6, case 0x30...0x39 = bytes[end] {
        index = index * 10 + Int(bytes[end] - 0x30)
        end += 1
      }
      guard end > start, end - start <= 6, bytes[start] != 0x30 || end - start == 1 else { return nil }
      if piece == .layer { match.layer = index } else { match.instance = index }
      start = end
    }
    return start == bytes.count ? match : nil
  }

  public var description: String { text }
}
