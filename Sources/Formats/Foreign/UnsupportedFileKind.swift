import Bytes
import Tensors

/// Content found instead of a checkpoint.
public enum UnsupportedFileKind: Sendable, Equatable {
  case empty
  case zeros(count: Int)
  /// A Git LFS pointer to a file of this many bytes.
  case gitLFSPointer(byteCount: Int?)
  case html
  case zipArchive
  case pickle
  case byteSwappedGGUF
  /// A predecessor of GGUF: `ggml`, `ggmf`, `ggjt` or `ggla`.
  case legacyGGML(String)
  /// A file of another program.
  case foreign(ForeignFormat)
  /// Plain text with this prefix.
  case text(String)
  case unknown([UInt8])

  /// Recognizes `prefix`, the first bytes of a file; nil if it may be a checkpoint.
  init?(_ prefix: [UInt8]) {
    func begins(_ bytes: some Sequence<UInt8>) -> Bool { prefix.starts(with: bytes) }
    if prefix.isEmpty {
      self = .empty
    } else if prefix.count >= 8, prefix.allSatisfy({ $0 == 0 }) {
      self = .zeros(count: prefix.count)
    } else if begins("version https://git-lfs".utf8) {
      self = .gitLFSPointer(byteCount: Self.pointedByteCount(prefix))
    } else if Self.isHTML(prefix) {
      self = .html
    } else if begins([0x50, 0x4B, 0x03, 0x04]) || begins([0x50, 0x4B, 0x05, 0x06]) {
      self = .zipArchive
    } else if prefix.count >= 2, prefix[0] == 0x80, (2...5).contains(prefix[1]) {
      self = .pickle
    } else if begins("FUGG".utf8) {
      self = .byteSwappedGGUF
    } else if let legacy = Self.legacyMagics.first(where: { begins($0.utf8.reversed()) }) {
      self = .legacyGGML(legacy)
    } else if let format = ForeignFormat.beginning(with: prefix) {
      self = .foreign(format)
    } else {
      return nil
    }
  }

  /// The kind of a zip archive by its members; other kinds are returned as they are.
  func refined(by file: any ByteSource) throws(FileError) -> UnsupportedFileKind {
    if self == .foreign(.tar) { return .foreign(TarArchive.isPyTorch(file) ? .pyTorch : .tar) }
    guard self == .zipArchive else { return self }
    let members = try ZipDirectory.names(in: file)
    return (ForeignFormat.archive(of: members) ?? ForeignFormat.named(file.name)).map { .foreign($0) } ?? self
  }

  /// The container that a reader is for; nil for anything else.
  var container: Container? {
    switch self {
    case .pickle, .foreign(.pyTorch): .pyTorch
    case .foreign(.numPyArchive), .foreign(.numPyArray): .numPy
    case .legacyGGML: .legacyGGML
    default: nil
    }
  }

  /// Stored as little-endian integers, so the letters are reversed.
  private static let legacyMagics = ["ggml", "ggmf", "ggjt", "ggla"]

  private static func isHTML(_ prefix: [UInt8]) -> Bool {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = prefix.starts(with: byteOrderMark) ? prefix.dropFirst(3) : prefix[...]
    let head = text.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }.prefix(14)
    let lower = String(decoding: head, as: UTF8.self).lowercased()
    return lower.hasPrefix("<!doctype html") || lower.hasPrefix("<html") || lower.hasPrefix("<head")
  }

  /// The number after `size` in a Git LFS pointer.
  private static func pointedByteCount(_ prefix: [UInt8]) -> Int? {
    for line in String(decoding: prefix.prefix(1024), as: UTF8.self).split(separator: "\n")
    where line.hasPrefix("size ") {
      return Int(line.dropFirst("size ".count))
    }
    return nil
  }
}

/// A file that no reader is for.
public struct UnsupportedFileError: IngotError {
  public let content: UnsupportedFileKind
  /// The kind of file that was expected.
  var expected = "a checkpoint"

  public var category: ErrorCategory { .input }

  /// The refusal of a file whose first bytes say what it is.
  static func refusing(_ file: any ByteSource) throws(FileError) -> LocatedError {
    let prefix = try file.bytes(at: 0, count: min(FormatSniffer.prefixByteCount, file.byteCount))
    let content = try UnsupportedFileKind(prefix)?.refined(by: file) ?? .unknown(Array(prefix.prefix(8)))
    return LocatedError(path: file.path, reason: UnsupportedFileError(content: content))
  }

  public var description: String {
    switch content {
    case .empty: "is empty, expected \(expected)"
    case .zeros(let count):
      "begins with \(counted(count, "zero byte")): the download was reserved but not written (fetch it again)"
    case .gitLFSPointer(let byteCount):
      "is a Git LFS pointer\(byteCount.map { " to a file of \(counted($0, "byte"))" } ?? "")"
        + " (fetch it with git lfs pull)"
    case .html: "is an HTML page: the download got a web page in place of the file (fetch it again)"
    case .zipArchive: "is a zip archive, expected \(expected) (unpack it and pass what is inside)"
    case .pickle: "is a pickle, expected \(expected)"
    case .foreign(let format): format.refusal
    case .byteSwappedGGUF: "has the byte-swapped magic \"FUGG\", expected \"GGUF\""
    case .legacyGGML(let magic):
      "is a legacy \(magic) file, a predecessor of GGUF, expected \(expected)"
    case .text(let beginning): "is plain text, expected \(expected) (begins with \(beginning.quoted))"
    case .unknown(let bytes):
      "is neither safetensors nor GGUF (begins with \(bytes.map(\.hexadecimal).joined(separator: " ")))"
    }
  }
}
