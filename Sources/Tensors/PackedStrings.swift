import Bytes

/// Many byte strings in one buffer: 8 bytes an element besides the text itself.
public struct PackedStrings: Sendable, Hashable, RandomAccessCollection, ExpressibleByArrayLiteral {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// No strings.
  public init() {}

  /// The UTF-8 bytes of each text.
  public init(_ texts: some Sequence<String>) {
    for text in texts { append(text.utf8) }
  }

  public init(arrayLiteral elements: String...) { self.init(elements) }

  /// Strings whose bytes stand one behind the other in `bytes`, each ending at an offset in `ends`.
  ///
  /// The caller vouches that `ends` rises and ends at `bytes.count`.
  public init(bytes: [UInt8], ends: [Int]) {
    self.bytes = bytes
    self.ends = ends
  }

  /// Appends one string.
  public mutating func append(_ text: some Sequence<UInt8>) {
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { ends.count }
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// The text of element `index`, with invalid bytes replaced.
  public func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }
}
