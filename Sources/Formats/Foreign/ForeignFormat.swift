import Bytes

/// A file format of other programs, how it is recognized, and what a user can do with such a file.
public struct ForeignFormat: Sendable, Equatable {
  /// The words after "is": `a NumPy archive (.npz)`.
  public let name: String
  let nextStep: String
  /// Ends of file names.
  let suffixes: [String]
  /// Bytes at an offset, one of which such a file has.
  let magics: [Magic]
  /// Ends of the names of members, if it is a zip archive.
  let members: [String]

  struct Magic: Sendable, Equatable {
    let offset: Int
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>, at offset: Int = 0) {
      self.bytes = Array(bytes)
      self.offset = offset
    }

    func matches(_ prefix: [UInt8]) -> Bool { prefix.dropFirst(offset).starts(with: bytes) }
  }

  init(
    _ name: String, nextStep: String, suffixes: [String] = [], magics: [Magic] = [], members: [String] = []
  ) {
    self.name = name
    self.nextStep = nextStep
    self.suffixes = suffixes
    self.magics = magics
    self.members = members
  }

  /// The format that begins with these bytes.
  static func beginning(with prefix: [UInt8]) -> ForeignFormat? {
    all.first { $0.magics.contains { $0.matches(prefix) } }
  }

  /// The format that files with this name have.
  static func named(_ name: String) -> ForeignFormat? {
    let lower = name.lowercased()
    return all.first { $0.suffixes.contains { lower.hasSuffix($0) } }
  }

  /// The format of a zip archive with these members.
  static func archive(of members: [String]) -> ForeignFormat? {
    all.first { format in format.members.contains { end in members.contains { $0.hasSuffix(end) } } }
  }

  /// The fact and the remedy, after the file's name and a colon.
  var refusal: String { "is \(name), which is not read (\(nextStep))" }
}
