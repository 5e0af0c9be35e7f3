import Bytes

/// An error of a zip archive, worded after the file's name.
enum ZipError: ReadingError {
  case unreadable(FileError)
  /// No last record ends where the file does.
  case noEnd
  /// The archive is one part of several.
  case severalDisks
  /// A record that a pointer leads to is not there.
  case noRecord(String, offset: Int)
  /// The directory does not lie before the record that points to it.
  case directoryOutOfBounds(offset: UInt64, byteCount: UInt64, limit: Int)
  case directoryTooLarge(byteCount: Int, limit: Int)
  case tooManyEntries(UInt64, directoryByteCount: Int)
  case entryCutOff(index: Int, count: Int)
  /// Bytes of the directory follow the last entry.
  case directoryContinues(byteCount: Int)
  case nameNotUTF8(index: Int)
  case hostileName(String)
  case duplicateName(String)
  case extraField(String)
  /// The member's own header differs from its entry in the directory.
  case headerDiffers(String, field: String)
  case outOfBounds(String, offset: UInt64, byteCount: UInt64, limit: Int)
  case overlap(String, String)
  case storedSize(String, compressed: Int, byteCount: Int)
  case expansion(String, compressed: Int, byteCount: Int)
  case encrypted(String)
  case method(String, Int)

  var category: ErrorCategory { .input }

  var fileError: FileError? { if case .unreadable(let error) = self { error } else { nil } }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .noEnd: "zip archive has no directory at its end (is the download complete?)"
    case .severalDisks: "zip archive is one part of several, expected a whole one"
    case .noRecord(let what, let offset): "zip archive has no \(what) at byte \(offset.grouped)"
    case .directoryOutOfBounds(let offset, let byteCount, let limit):
      "zip directory has \(byteCount.grouped) bytes at byte \(offset.grouped), expected them before byte \(limit.grouped)"
    case .directoryTooLarge(let byteCount, let limit):
      "zip directory has \(byteCount.grouped) bytes, expected at most \(limit.grouped)"
    case .tooManyEntries(let count, let byteCount):
      "zip directory lists \(count.grouped) members in \(counted(byteCount, "byte"))"
    case .entryCutOff(let index, let count):
      "zip directory is cut off in entry \((index + 1).grouped) of \(count.grouped)"
    case .directoryContinues(let byteCount):
      "zip directory continues for \(counted(byteCount, "byte")) after its last entry"
    case .nameNotUTF8(let index): "zip directory: entry \((index + 1).grouped): name is not UTF-8"
    case .hostileName(let name): "member \(name.quoted): name is not a path within the archive"
    case .duplicateName(let name): "member \(name.quoted): is there twice"
    case .extraField(let name): "member \(name.quoted): zip64 sizes are missing or cut off"
    case .headerDiffers(let name, let field): "member \(name.quoted): \(field) differs between header and directory"
    case .outOfBounds(let name, let offset, let byteCount, let limit):
      "member \(name.quoted): \(byteCount.grouped) bytes at byte \(offset.grouped) do not end before the directory"
        + " at byte \(limit.grouped)"
    case .overlap(let name, let other): "member \(name.quoted): shares bytes with \(other.quoted)"
    case .storedSize(let name, let compressed, let byteCount):
      "member \(name.quoted): is stored in \(counted(compressed, "byte")), expected \(byteCount.grouped)"
    case .expansion(let name, let compressed, let byteCount):
      "member \(name.quoted): \(counted(compressed, "byte")) cannot inflate to \(byteCount.grouped)"
    case .encrypted(let name): "member \(name.quoted): is encrypted, expected plain bytes (decrypt the archive)"
    case .method(let name, let number):
      "member \(name.quoted): is compressed by method \(number), expected stored or deflated"
        + " (pack the archive again with deflate)"
    }
  }
}
