/// A defect of compressed bytes, worded after the name of their file.
public enum CompressionFault: Hashable, Sendable {
  /// The library could not decode a byte.
  case invalid(stream: String, offset: Int, reason: String)
  /// The compressed bytes end within the stream.
  case truncated(stream: String, offset: Int)
  /// The stream decodes to fewer bytes than are stated for it.
  case endsBefore(stated: Int, found: Int)
  /// The stream decodes to more bytes than are stated for it.
  case continuesAfter(stated: Int)
  case wrongCRC(stated: UInt32, found: UInt32)
  /// The stream was compressed with a dictionary, which has this number.
  case needsDictionary(UInt32)
  /// The stream can only be unpacked with so much memory.
  case windowTooLarge(byteCount: UInt64, limit: Int)
  /// The stream decodes to far more bytes than it has.
  case bomb(ratio: Int)
  /// The library has no memory left.
  case outOfMemory(stream: String)
}

extension CompressionFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let stream, let offset, let reason):
      "\(stream) stream is invalid near byte \(offset.grouped): \(reason)"
    case .truncated(let stream, let offset):
      "\(stream) stream is cut off at byte \(offset.grouped), expected more (download or copy the file again)"
    case .endsBefore(let stated, let found):
      "unpacks to \(counted(found, "byte")), expected \(stated.grouped)"
    case .continuesAfter(let stated): "unpacks to more than the stated \(counted(stated, "byte"))"
    case .wrongCRC(let stated, let found):
      "unpacks to bytes with CRC-32 0x\(found.hexadecimal), expected 0x\(stated.hexadecimal)"
    case .needsDictionary(let number):
      "was compressed with dictionary \(number), which is not read (unpack it with zstd -D)"
    case .windowTooLarge(let byteCount, let limit):
      "needs a window of \(counted(Int(clamping: byteCount), "byte")) to be unpacked, expected at most"
        + " \(limit.grouped) (unpack it with zstd -d --long=31)"
    case .bomb(let ratio):
      "unpacks to more than \(ratio.grouped) times its size, which weights do not (unpack it yourself if it is right)"
    case .outOfMemory(let stream): "no memory to unpack the \(stream) stream"
    }
  }
}
