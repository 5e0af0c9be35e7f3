import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whether an existing file may be replaced.
public enum OverwritePolicy: Sendable {
  case refuse
  case replace
}

/// A file that appears under its final name complete or not at all.
///
/// Bytes go to a sibling `.NAME.ingot-PID-RANDOM.partial`. `commit()` flushes it to the disk, gives it its final name
/// and flushes the folder. Discarding, deinitializing and interrupts remove the temporary, unless it is kept to be continued;
/// one that a killed run left is removed by the next run that writes the same file. Writes are positional and may come from any thread.
public final class AtomicFile: Sendable {
  /// The name the file will have.
  public let finalPath: String
  /// The name it has until `commit()`.
  public let temporaryPath: String
  let policy: OverwritePolicy
  let descriptor: FileDescriptor
  /// Whether the temporary stays where it is until it is committed, so that another run can go on with it.
  let isKept: Bool
  private let state = Mutex(State.open)

  private enum State {
    case open
    /// Flushed and closed, but not yet under the final name.
    case sealed
    /// Under the final name, or removed.
    case done
  }

  /// Creates the temporary next to `finalPath`; checks that the final name is free or may be replaced.
  public init(_ finalPath: String, overwrite policy: OverwritePolicy) throws(FileError) {
    try Self.requireFree(finalPath, overwrite: policy)
    self.finalPath = finalPath
    self.policy = policy
    isKept = false
    TemporaryName.removeStale(for: finalPath)
    temporaryPath = TemporaryName.new(for: finalPath)
    // Registered before it exists, so that no interrupt falls between.
    Interrupts.register(temporaryPath)
    do {
      descriptor = try FileDescriptor.open(
        temporaryPath, .readWrite, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
    } catch {
      Interrupts.unregister(temporaryPath)
      throw .cannotCreate(path: finalPath, errno: error as? Errno ?? .ioError)
    }
    TemporaryName.claim(descriptor.rawValue)
  }

  /// Opens the kept temporary of an earlier run, `.NAME.ingot-KIND`, or creates it.
  ///
  /// Neither discarding nor an interrupt removes it.
  ///
  /// - Parameter isShared: whether other runs may write it at the same time, at other places.
  /// - Throws: also if another run has it for itself.
  public init(
    continuing finalPath: String, as kind: String = resumedKind, isShared: Bool = false,
    overwrite policy: OverwritePolicy
  ) throws(FileError) {
    try Self.requireFree(finalPath, overwrite: policy)
    self.finalPath = finalPath
    self.policy = policy
    isKept = true
    temporaryPath = Self.keptPath(of: finalPath, as: kind)
    descriptor = try TemporaryName.openKept(temporaryPath, for: finalPath, isShared: isShared)
  }

  /// The kind of the temporary of a run that another can continue.
  public static let resumedKind = "unfinished"

  /// The path of the kept temporary of a file.
  public static func keptPath(of finalPath: String, as kind: String) -> String {
    TemporaryName.kept(for: finalPath, as: kind)
  }

  deinit {
    discard()
  }

  /// Whether another run is writing a file that will have this name.
  public static func isBeingWritten(_ path: String) -> Bool { TemporaryName.isClaimed(for: path) }

  /// Throws unless a file may be written under `path`.
  ///
  /// A link counts as its target; a dangling one is in the way like a file. Replacing replaces the link itself, never
  /// its target.
  public static func requireFree(_ path: String, overwrite policy: OverwritePolicy) throws(FileError) {
    try requireName(path)
    switch FileSystem.kind(of: path) {
    case nil where policy == .refuse && FileSystem.isLink(path): throw .alreadyExists(path: path)
    case nil: return
    case .folder: throw .isFolder(path: path)
    case .regular where policy == .replace: return
    case .regular: throw .alreadyExists(path: path)
    case .other: throw .alreadyExists(path: path)
    }
  }

  /// Throws if `path` is `-`, by which other programs mean standard output, or an address on a server.
  public static func requireName(_ path: String) throws(FileError) {
    if path == "-" { throw .isStandardOutput }
    if RemoteAddress.isAddress(path) { throw .isAddress(path: path) }
  }

  /// Throws unless a file can be written under each of `paths`: the name is free or may be replaced, its folder takes
  /// new files, and it is the name of no other output and of none of `inputs`.
  public static func requireWritable(
    _ paths: [String], overwrite policy: OverwritePolicy, apartFrom inputs: [any ByteSource] = []
  ) throws(FileError) {
    for (index, path) in paths.enumerated() {
      if inputs.contains(where: { $0.isFile(at: path) }) { throw .isInput(path: path) }
      guard !paths[..<index].contains(where: { OutputFolder.isSameEntry($0, path) }) else {
        throw .isOtherOutput(path: path)
      }
      try AtomicFile(path, overwrite: policy).discard()
    }
  }

  /// Has everything that was written so far on the disk when it returns.
  public func flush() throws(FileError) {
    guard fsync(descriptor.rawValue) == 0 else { throw writeFailure(errno) }
  }

  /// Writes the whole of `bytes` at `offset`.
  public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do {
        _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), buffer)
      } catch {
        failure = writeFailure((error as? Errno ?? .ioError).rawValue)
      }
    }
    if let failure { throw failure }
    startWriteback(at: offset, count: bytes.byteCount)
  }

  /// Flushes everything and closes the file; it is written no more.
  func seal() throws(FileError) {
    try state.withLock { state throws(FileError) in
      guard state == .open else { return }
      guard fsync(descriptor.rawValue) == 0 else { throw writeFailure(errno) }
      state = .sealed
      guard close(descriptor.rawValue) == 0 else { throw writeFailure(errno) }
    }
  }

  /// Notes that the temporary has become the file.
  func finish() {
    state.withLock { $0 = .done }
  }

  /// Removes the temporary; nothing happens after a commit.
  public func discard() {
    state.withLock { state in
      guard state != .done else { return }
      if !isKept {
        unlink(temporaryPath)
        Interrupts.unregister(temporaryPath)
      }
      if state == .open { close(descriptor.rawValue) }
      state = .done
    }
  }

  func writeFailure(_ code: Int32) -> FileError {
    .cannotWrite(path: finalPath, errno: Errno(rawValue: code))
  }
}

extension AtomicFile {
  /// Writes a small file in one go.
  public static func write(_ bytes: [UInt8], to path: String, overwrite policy: OverwritePolicy) throws(FileError) {
    let file = try AtomicFile(path, overwrite: policy)
    try file.write(bytes, at: 0)
    try file.commit()
  }
}
