import Bytes
import Formats
import Models

/// An input that BELLE encrypted with another file as its key.
enum DecryptedInput {
  /// Files up to this size are compared with their digests before others.
  private static let smallByteCount = 1 << 20

  /// Opens the file or folder at `path`, and compares the decrypted bytes of all files with the digests that they state.
  ///
  /// - Throws: `FileError`; `DecryptionError` if no file is encrypted, or the key does not fit.
  static func open(_ path: String, key: String) throws -> InputLocation {
    let location = try InputLocation(path, xorKey: key)
    var files: [XORSource] = []
    if let file = location.file as? XORSource {
      files = [file]
    } else {
      for name in try location.folder.names(in: "") where location.folder.hasFile(name) {
        if let file = try location.folder.open(name) as? XORSource { files.append(file) }
      }
    }
    guard !files.isEmpty else { throw LocatedError(path: path, reason: DecryptionError.nothingEncrypted) }
    // A wrong key shows in a small file or in the first bytes of a large one.
    for file in files.sorted(by: { $0.byteCount < $1.byteCount }) {
      if file.byteCount > smallByteCount, (try? FormatSniffer.container(of: file)) == nil {
        throw LocatedError(path: path, reason: DecryptionError.wrongKey(key: key, file: file.name))
      }
      guard try FileDigest.sha256(file) == FileDigest.hexadecimal(file.digest) else {
        throw LocatedError(path: path, reason: DecryptionError.wrongKey(key: key, file: file.name))
      }
    }
    return location
  }
}

/// An encrypted input that cannot be decrypted.
enum DecryptionError: IngotError {
  case nothingEncrypted
  case wrongKey(key: String, file: String)

  var category: ErrorCategory { .input }

  var description: String {
    switch self {
    case .nothingEncrypted: "has no encrypted file, expected names that end in 64 hexadecimal digits and .enc"
    case .wrongKey(let key, let file):
      "cannot be decrypted with \(key.quoted): the bytes of \(file.quoted) have another SHA-256 than the file states"
        + " (pass the file that it was encrypted with, such as Meta's consolidated.00.pth; or fetch it again)"
    }
  }
}
