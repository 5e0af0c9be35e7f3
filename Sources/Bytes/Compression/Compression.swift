/// The compression of a file as a whole.
public enum Compression: String, Sendable, CaseIterable {
  case gzip
  case zstd

  /// The ending of names.
  public var ending: String {
    switch self {
    case .gzip: ".gz"
    case .zstd: ".zst"
    }
  }

  /// Returns the compression by which files with this name end; nil for other names.
  public static func ending(_ name: String) -> Compression? { allCases.first { Path.hasEnding(name, $0.ending) } }

  /// Returns the name that `name` has unpacked: `model.gguf` of `model.gguf.zst`, and any other name as it is.
  public static func unpackedName(_ name: String) -> String {
    ending(name).map { String(name.dropLast($0.ending.count)) } ?? name
  }

  /// The bytes that `init(_:)` asks for.
  private static let prefixByteCount = 9

  /// The compression that the first bytes of `file` tell; nil for a file that is not compressed.
  init?(_ file: any ByteSource) throws(FileError) {
    let prefix = try file.bytes(at: 0, count: min(Self.prefixByteCount, file.byteCount))
    if ZstdMagic.begins(prefix) {
      self = .zstd
    } else if prefix.starts(with: [0x1F, 0x8B, 0x08]), prefix.last != UInt8(ascii: "{") {
      // Three bytes can be a length in another format. Byte 8 of gzip is 0, 2 or 4; of safetensors it is a brace.
      self = .gzip
    } else {
      return nil
    }
  }
}

/// The numbers by which frames of zstd begin.
enum ZstdMagic {
  static let frame: UInt32 = 0xFD2F_B528
  /// Frames of other content, which decode to nothing: 0x184D2A50 to 0x184D2A5F.
  static let skippable: UInt32 = 0x184D_2A50, skippableMask: UInt32 = 0xFFFF_FFF0

  /// Whether `bytes` begin with a frame.
  static func begins(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 4 else { return false }
    let magic = UInt32(littleEndianIn: bytes)
    return magic == frame || magic & skippableMask == skippable
  }
}

extension UInt32 {
  /// The number in the four bytes from `offset` on, lowest first.
  init(littleEndianIn bytes: [UInt8], at offset: Int = 0) {
    self = bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
