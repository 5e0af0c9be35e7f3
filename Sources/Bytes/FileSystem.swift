import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The kind of the entry at a path, links followed.
public enum FileKind: Sendable, Equatable {
  case regular
  case folder
  case other(String)

  var wording: String {
    switch self {
    case .regular: "a regular file"
    case .folder: "a folder"
    case .other(let kind): kind
    }
  }

  init(mode: mode_t) {
    switch mode & S_IFMT {
    case S_IFREG: self = .regular
    case S_IFDIR: self = .folder
    case S_IFIFO: self = .other("a pipe")
    case S_IFCHR, S_IFBLK: self = .other("a device")
    case S_IFSOCK: self = .other("a socket")
    default: self = .other("a special file")
    }
  }
}

/// Queries and changes of the local file system; used only in this target.
public enum FileSystem {
  /// Returns the kind of the entry at `path`; nil if there is none.
  public static func kind(of path: String) -> FileKind? {
    status(of: path).map { FileKind(mode: $0.st_mode) }
  }

  /// The names in a folder, sorted by bytes, without `.` and `..`.
  public static func list(_ path: String) throws(FileError) -> [String] {
    guard let folder = opendir(path) else { throw .cannotList(path: path, errno: Errno(rawValue: errno)) }
    defer { closedir(folder) }
    var names: [ExactString] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(ExactString(name)) }
    }
    return names.sorted().map(\.text)
  }

  /// Creates a folder; one that is there already is fine.
  public static func createFolder(_ path: String) throws(FileError) {
    if mkdir(path, 0o777) == 0 { return }
    let code = Errno(rawValue: errno)
    guard code == .fileExists, kind(of: path) == .folder else { throw .cannotCreate(path: path, errno: code) }
  }

  /// Removes a file and what a link at `path` leads to. Its room is free even while a process has it open.
  static func removeFreeing(_ path: String) throws(FileError) {
    let real = resolved(path)
    guard truncate(real, 0) == 0, unlink(real) == 0, real == path || unlink(path) == 0 || errno == ENOENT else {
      throw .cannotWrite(path: path, errno: Errno(rawValue: errno))
    }
    for folder in Set([real, path].map { Path.folder(of: $0) }) { try AtomicFile.flushFolder(folder) }
  }

  /// Removes a folder if it is empty.
  public static func removeEmptyFolder(_ path: String) {
    _ = rmdir(path)
  }

  /// Whether `path` itself is a symbolic link, wherever it leads.
  static func isLink(_ path: String) -> Bool {
    var facts = stat()
    return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether two paths lead to the same file on the same device, links followed.
  public static func isSameFile(_ first: String, _ second: String) -> Bool {
    guard let one = status(of: first), let two = status(of: second) else { return false }
    return one.st_dev == two.st_dev && one.st_ino == two.st_ino
  }

  /// The path with `.`, `..` and links resolved, or as it is when it does not exist.
  public static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Bytes that an unprivileged writer can still use on the disk of `folder`, or nil if unknown.
  static func availableByteCount(in folder: String) -> Int? {
    var facts = statvfs()
    guard statvfs(folder, &facts) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: facts.f_bavail).multipliedReportingOverflow(by: Int(clamping: facts.f_frsize))
    return overflow ? nil : bytes
  }

  /// The size of the file at `path`; nil if there is none.
  static func byteCount(of path: String) -> Int? { status(of: path).map { Int($0.st_size) } }

  private static func status(of path: String) -> stat? {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts : nil
  }
}
