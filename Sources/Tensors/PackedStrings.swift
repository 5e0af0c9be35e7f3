import Bytes

/// Many byte strings in one buffer, with 8 more bytes for each.
public struct PackedStrings: Sendable, Hashable, RandomAccessCollection, ExpressibleByArrayLiteral {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// Creates an empty collection.
  public init() {}

  /// Creates the UTF-8 bytes of each text.
  public init(_ texts: some Sequence<String>) {
    for text in texts { append(text.utf8) }
  }

  public init(arrayLiteral elements: String...) { self.init(elements) }

  /// Creates strings from their concatenated bytes, each ending at an offset in `ends`.
  ///
  /// `ends` must not decrease, and its last element must be `bytes.count`.
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
