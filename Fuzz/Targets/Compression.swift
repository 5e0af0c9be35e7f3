import Bytes
import TestSupport

extension FuzzTarget {
  static let compression: [FuzzTarget] = [
    FuzzTarget("zstd", "reads at any offset give the bytes that a read from start to end gives", limit: 2048) { input in
      try requireEqualReads(of: UnpackedFile.open(MemorySource(path: "m/content.zst", input)))
    },
    FuzzTarget("gzip", "reads at any offset give the bytes that a read from start to end gives", limit: 2048) { input in
      try requireEqualReads(of: UnpackedFile.open(MemorySource(path: "m/content.gz", input)))
    },
  ]

  /// Compares a read of everything with reads from the end on.
  private static func requireEqualReads(of file: any ByteSource) throws {
    let count = min(file.byteCount, 1 << 16)
    let bytes: [UInt8]
    do {
      bytes = try file.bytes(at: 0, count: count)
    } catch {
      // What is damaged at the end may have a readable beginning, but an error it must be again.
      _ = try file.bytes(at: 0, count: count)
      throw Finding(fact: "a second read succeeds where the first failed")
    }
    let step = max(1, count / 3)
    for start in stride(from: 0, to: count, by: step).reversed() {
      let end = min(start + step, count)
      try Finding.require(
        try file.bytes(at: start, count: end - start) == Array(bytes[start..<end]), "bytes \(start)..<\(end) differ")
    }
  }
}
