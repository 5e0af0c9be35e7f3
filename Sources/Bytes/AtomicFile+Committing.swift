import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension AtomicFile {
  /// Flushes everything and gives the file its final name.
  public func commit() throws(FileError) { try Self.commit([self]) }

  /// Gives all of `files` their final names, or none of them.
  ///
  /// Everything is flushed first, so that only renames can still fail, and those are taken back. The last file is the
  /// one that makes a set complete (an index, a config.json): an older one is moved away before anything else, so that
  /// a power loss between two renames never leaves old and new files that pass for a whole. An interrupt waits until
  /// all is done or taken back.
  public static func commit(_ files: [AtomicFile]) throws(FileError) {
    for file in files { try file.seal() }
    try Interrupts.holdingBack { temporaries throws(FileError) in
      var placements: [PendingRename] = []
      do throws(FileError) {
        if files.count > 1 {
          for file in [files.last].compactMap(\.self) + files.dropLast() {
            let placement = PendingRename(file)
            placements.append(placement)
            try placement.moveOldAway()
          }
        }
        for file in files {
          try file.place()
          placements.first { $0.file === file }?.isPlaced = true
        }
      } catch {
        for placement in placements.reversed() { placement.takeBack() }
        throw error
      }
      for file in files {
        file.finish()
        temporaries.remove(file.temporaryPath)
      }
      for placement in placements { placement.forgetOld() }
    }
    for folder in Set(files.map { Path.folder(of: $0.finalPath) }).sorted() { try flushFolder(folder) }
  }

  /// Renames the temporary. Where nothing may be replaced, `link` does it: unlike a look and a rename, it cannot
  /// replace a file that another program put there in between.
  private func place() throws(FileError) {
    if policy == .refuse {
      if link(temporaryPath, finalPath) == 0 {
        unlink(temporaryPath)
        return
      }
      switch errno {
      case EEXIST: throw .alreadyExists(path: finalPath)
      // File systems without links.
      case EPERM, EOPNOTSUPP, ENOTSUP, ENOSYS, EMLINK: break
      default: throw writeFailure(errno)
      }
    }
    try Self.requireFree(finalPath, overwrite: policy)
    guard rename(temporaryPath, finalPath) == 0 else { throw writeFailure(errno) }
  }

  /// Makes the renames themselves durable.
  static func flushFolder(_ path: String) throws(FileError) {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .cannotWrite(path: path, errno: Errno(rawValue: errno)) }
    defer { close(folder) }
    // Some file systems cannot flush a folder and say EINVAL; the rename is done all the same.
    guard fsync(folder) == 0 || errno == EINVAL else { throw .cannotWrite(path: path, errno: Errno(rawValue: errno)) }
  }

  /// The renaming of one file of a set, and the file that it replaces.
  private final class PendingRename {
    let file: AtomicFile
    var isPlaced = false
    private var oldPath: String?

    init(_ file: AtomicFile) { self.file = file }

    /// Moves a file that will be replaced to a temporary name.
    func moveOldAway() throws(FileError) {
      guard file.policy == .replace else { return }
      try AtomicFile.requireFree(file.finalPath, overwrite: .replace)
      let aside = TemporaryName.new(for: file.finalPath)
      if rename(file.finalPath, aside) == 0 {
        oldPath = aside
      } else if errno != ENOENT {
        throw file.writeFailure(errno)
      }
    }

    /// Undoes the renames; the temporary itself is removed when its file is discarded.
    func takeBack() {
      if let oldPath {
        rename(oldPath, file.finalPath)
      } else if isPlaced {
        unlink(file.finalPath)
      }
    }

    func forgetOld() {
      if let oldPath { unlink(oldPath) }
    }
  }
}
