import Bytes
import Tensors

// file    = array                                .npy: one tensor, called as the file
//         | a zip archive of NAME ".npy"         .npz: a tensor a member, stored or deflated, called NAME

/// Reads NumPy arrays and archives of them.
enum NumPy {
  /// The ending of an array's file or member.
  static let arrayEnding = ".npy"

  /// Opens `file`; arrays have no sets, so `folder` is not looked at.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    let prefix = try file.bytes(at: 0, count: min(magic.count, file.byteCount))
    var reader = ArrayReader(file)
    if prefix == magic {
      try reader.read(file, offset: 0, byteCount: file.byteCount, name: name(of: file.name))
      return reader.checkpoint(path: file.path, kind: "npy")
    }
    let archive: ZipArchive
    do throws(ZipError) {
      archive = try ZipArchive(file)
    } catch {
      throw error.located(in: file.path)
    }
    var problems: [any IngotError] = []
    for member in archive.members {
      do {
        try reader.read(member, of: archive)
      } catch let error as any IngotError {
        problems.append(error)
      }
    }
    guard problems.isEmpty else { throw ProblemList(problems) }
    return reader.checkpoint(path: file.path, kind: "npz")
  }

  /// The name without the ending of arrays.
  static func name(of file: String) -> String {
    Path.hasEnding(file, arrayEnding) ? String(file.dropLast(arrayEnding.count)) : file
  }
}
