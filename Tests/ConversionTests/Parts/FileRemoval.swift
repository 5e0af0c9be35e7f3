#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Removal of files, which the library does only to its own temporaries.
enum FileRemoval {
  static func remove(_ path: String) { unlink(path) }
}
