import SystemPackage

extension FileDescriptor {
  /// Reads what is there, up to `count` bytes; empty at the end.
  public func nextBytes(upTo count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let readCount = try bytes.withUnsafeMutableBytes { try read(into: $0) }
    return Array(bytes.prefix(readCount))
  }
}
