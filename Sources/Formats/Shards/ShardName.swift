import Bytes

/// The name of one file of a set: `model-00002-of-00003.safetensors`.
///
/// All containers use this convention, with five digits that count from 1.
public struct ShardName: Hashable, Sendable {
  /// The text before the numbers: `model`.
  public let stem: String
  /// The number in the set, from 1.
  public let number: Int
  /// The number of files in the set.
  public let count: Int
  /// The extension with its point: `.safetensors`, or `.safetensors.zst` of a compressed file.
  public let suffix: String

  public init(stem: String, number: Int, count: Int, suffix: String) {
    self.stem = stem
    self.number = number
    self.count = count
    self.suffix = suffix
  }

  /// The ends of the names of files that can be shards.
  private static let suffixes = [".safetensors", ".gguf"] + PyTorch.shards.suffixes

  /// Parses `text`; nil if it does not follow the convention or its number is outside its set.
  public init?(_ text: String) {
    let unpacked = Compression.unpackedName(text)
    for ending in Self.suffixes where Path.hasEnding(unpacked, ending) {
      let stem = unpacked.dropLast(ending.count), suffix = String(text.dropFirst(stem.count))
      let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count >= 4, parts[parts.count - 2] == "of" else { return nil }
      guard let number = Self.digits(parts[parts.count - 3]), let count = Self.digits(parts[parts.count - 1]),
        number >= 1, number <= count
      else { return nil }
      self.init(
        stem: parts.dropLast(3).joined(separator: "-"), number: number, count: count, suffix: suffix)
      return
    }
    return nil
  }

  /// The file's name.
  public var text: String { "\(stem)-\(Self.padded(number))-of-\(Self.padded(count))\(suffix)" }

  /// The names of all files of the set, in order.
  public var all: [String] {
    (1...count).map { Self(stem: stem, number: $0, count: count, suffix: suffix).text }
  }

  /// Names for `count` files; a single one is not numbered.
  public static func names(stem: String, count: Int, suffix: String) -> [String] {
    count <= 1 ? [stem + suffix] : Self(stem: stem, number: 1, count: count, suffix: suffix).all
  }

  /// The path of a file that an index names, relative to the folder of the index and without `.` components.
  ///
  /// - Returns: nil if the path may lead out of the folder, or has a control character. Components are compared as
  ///   bytes, as the file system does: a combining character after `/` is the beginning of a name.
  public static func pathInFolder(_ text: String) -> String? {
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    let components = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .filter { !$0.elementsEqual(".".utf8) }
    guard !components.isEmpty, components.allSatisfy({ !$0.isEmpty && !$0.elementsEqual("..".utf8) }) else {
      return nil
    }
    return components.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
  }

  private static func digits(_ text: Substring) -> Int? {
    text.utf8.count == 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
