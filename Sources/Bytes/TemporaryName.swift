import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The names of unfinished files, `.NAME.ingot-PID-RANDOM.partial`, and the removal of those that killed runs left.
enum TemporaryName {
  private static let suffix = ".partial"
  /// Longer names are cut, so that a final name of up to the usual limit of 255 bytes leaves room for the rest.
  private static let keptByteCount = 200

  /// Returns a new name in the folder of `finalPath`.
  static func new(for finalPath: String) -> String {
    let random = String(UInt32.random(in: 0 ... .max), radix: 36)
    return Path.join(Path.folder(of: finalPath), "\(prefix(for: finalPath))\(getpid())-\(random)\(suffix)")
  }

  /// Returns the one name of a file that outlives its run, `.NAME.ingot-KIND`.
  static func kept(for finalPath: String, as kind: String) -> String {
    Path.join(Path.folder(of: finalPath), prefix(for: finalPath) + kind)
  }

  /// Opens a file that outlives its run, or creates it, and claims it, alone or with others.
  ///
  /// - Throws: `isBeingMade` if another run has claimed it alone, or this one wants to and another has it.
  static func openKept(
    _ path: String, for finalPath: String, isShared: Bool = false
  ) throws(FileError) -> FileDescriptor {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .noFollow, .nonBlocking, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
    } catch {
      throw .cannotCreate(path: path, errno: error as? Errno ?? .ioError)
    }
    var facts = stat()
    guard fstat(descriptor.rawValue, &facts) == 0, FileKind(mode: facts.st_mode) == .regular else {
      try? descriptor.close()
      throw .alreadyExists(path: path)
    }
    // File systems without locks are taken as they are.
    guard flock(descriptor.rawValue, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      try? descriptor.close()
      throw .isBeingMade(path: finalPath)
    }
    return descriptor
  }

  /// Whether a run has claimed an unfinished file for `finalPath`.
  static func isClaimed(for finalPath: String) -> Bool {
    let folder = Path.folder(of: finalPath)
    return unfinished(for: finalPath).contains { isLocked(Path.join(folder, $0)) == true }
  }

  /// The names of the unfinished files for `finalPath`, which are next to it.
  private static func unfinished(for finalPath: String) -> [String] {
    let prefix = prefix(for: finalPath)
    let names = (try? FileSystem.list(Path.folder(of: finalPath))) ?? []
    return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
  }

  /// Marks an unfinished file as being written for as long as the process has it open.
  static func claim(_ descriptor: Int32) {
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
  }

  /// Removes the unfinished files for `finalPath` whose runs are dead.
  ///
  /// Dead means that no process has the number in the name or the lock: a number alone says
  /// nothing about other machines and containers, a lock nothing about the moment between creating and locking.
  static func removeStale(for finalPath: String) {
    let folder = Path.folder(of: finalPath)
    for name in unfinished(for: finalPath) {
      let digits = name.dropFirst(prefix(for: finalPath).count).prefix { $0 != "-" }
      let path = Path.join(folder, name)
      guard let process = Int32(digits), process > 0, isDead(process, path), isLocked(path) == false else { continue }
      unlink(path)
    }
  }

  private static func prefix(for finalPath: String) -> String {
    var name = Path.name(of: finalPath)
    while name.utf8.count > keptByteCount { name.removeLast() }
    return ".\(name).ingot-"
  }

  private static func isDead(_ process: Int32, _ path: String) -> Bool {
    // In a container every run may have the same number.
    if process == getpid() { return !Interrupts.isRegistered(path) }
    return kill(process, 0) != 0 && errno == ESRCH
  }

  /// Whether a process has locked the file; nil if that cannot be told.
  private static func isLocked(_ path: String) -> Bool? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return false }
    return errno == EWOULDBLOCK ? true : nil
  }
}
