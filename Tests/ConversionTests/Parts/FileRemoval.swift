#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Removal of files, which the library does only to its own temporaries.
enum FileRemoval {
  static func remove(_ path: String) { unlink(path) }

  /// Gives the file at `path` another name.
  static func addName(_ name: String, to path: String) -> Bool { link(path, name) == 0 }
}
