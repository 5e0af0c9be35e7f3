import Ingot
import SystemPackage

/// Standard input as the content of a file.
enum StandardInput {
  private static let chunkByteCount = 1 << 16

  /// Reads all of it.
  ///
  /// - Throws: if it cannot be read or has more than `limit` bytes.
  static func read(limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      while true {
        let chunk = try FileDescriptor.standardInput.nextBytes(upTo: chunkByteCount)
        guard !chunk.isEmpty else { return bytes }
        bytes += chunk
        guard bytes.count <= limit else { throw InputTooLong(limit: limit) }
      }
    } catch let error as Errno {
      throw FileError.cannotRead(path: "standard input", offset: bytes.count, errno: error)
    }
  }
}

/// More bytes on standard input than a value may have.
struct InputTooLong: IngotError {
  let limit: Int
  var category: ErrorCategory { .input }
  var description: String { "standard input: has more than \(limit.byteSize)" }
}
