import SystemPackage

/// A failed operation on a file or folder.
public enum FileError: IngotError {
  case cannotOpen(path: String, errno: Errno)
  case notRegular(path: String, kind: FileKind)
  case cannotRead(path: String, offset: Int, errno: Errno)
  case endsEarly(path: String, offset: Int, expected: Int)
  case changedWhileReading(path: String)
  case cannotList(path: String, errno: Errno)
  case cannotCreate(path: String, errno: Errno)
  case cannotWrite(path: String, errno: Errno)
  case noSpace(path: String, needed: Int, available: Int)
  case alreadyExists(path: String)
  case isInput(path: String)
  case isOtherOutput(path: String)
  case isFolder(path: String)
  /// An output is called `-`.
  case isStandardOutput
  /// An output is called by an address on a server.
  case isAddress(path: String)
  case isBeingWritten(path: String)
  /// A file on a server cannot be read.
  case remote(path: String, RemoteFault)
  case isBeingMade(path: String)
  /// More is needed of a file that was deleted since nothing more was made of it.
  case isConsumed(path: String, offset: Int)
  /// A file that is to be deleted has other names, so that nothing would be freed.
  case hasOtherNames(path: String, count: Int)
  /// Compressed bytes cannot be unpacked.
  case compressed(path: String, CompressionFault)

  public var category: ErrorCategory {
    switch self {
    case .cannotOpen, .notRegular, .cannotRead, .endsEarly, .changedWhileReading, .cannotList, .remote, .compressed,
      .isConsumed:
      .input
    case .isStandardOutput, .isAddress, .hasOtherNames: .usage
    case .cannotCreate, .cannotWrite, .noSpace, .alreadyExists, .isInput, .isOtherOutput, .isFolder, .isBeingWritten,
      .isBeingMade:
      .output
    }
  }

  public var description: String {
    switch self {
    case .cannotOpen(let path, _) where path.isEmpty: "the path is empty (is a variable of the shell unset?)"
    case .cannotOpen(let path, let errno): "\(path.escapedForDisplay): cannot be opened: \(errno.wording)"
    case .notRegular(let path, let kind): "\(path.escapedForDisplay): is \(kind.wording), expected a regular file"
    case .cannotRead(let path, let offset, let errno):
      "\(path.escapedForDisplay): cannot be read at byte \(offset.grouped): \(errno.wording)"
    case .endsEarly(let path, let offset, let expected):
      "\(path.escapedForDisplay): ends at byte \(offset.grouped) but \(expected.grouped) bytes were expected"
    case .changedWhileReading(let path):
      "\(path.escapedForDisplay): changed while it was read; the output was discarded"
    case .cannotList(let path, let errno): "\(path.escapedForDisplay): folder cannot be listed: \(errno.wording)"
    case .cannotCreate(let path, .noSuchFileOrDirectory):
      "\(Path.folder(of: path).escapedForDisplay): no such folder, so \(Path.name(of: path).quoted) cannot be created in it"
    case .cannotCreate(let path, let errno): "\(path.escapedForDisplay): cannot be created: \(errno.wording)"
    case .cannotWrite(let path, let errno): "\(path.escapedForDisplay): cannot be written: \(errno.wording)"
    case .noSpace(let path, let needed, let available):
      "\(path.escapedForDisplay): no space: needs \(needed.byteSize) but \(available.byteSize) are free"
    case .isConsumed(let path, let offset):
      "\(path.escapedForDisplay): was deleted by --consume-shards, but byte \(offset.grouped) is needed again"
        + " (put the file back)"
    case .hasOtherNames(let path, let count):
      "\(path.escapedForDisplay): has \(counted(count, "name")), so that deleting it would free nothing"
    case .alreadyExists(let path):
      "\(path.escapedForDisplay): already exists (pass --overwrite to replace it)"
    case .isInput(let path): "\(path.escapedForDisplay): output is also an input (choose another name)"
    case .isOtherOutput(let path): "\(path.escapedForDisplay): is the name of another output (choose another name)"
    case .isFolder(let path): "\(path.escapedForDisplay): is a folder, expected the name of a file"
    case .isStandardOutput: "-: standard output takes no files (name a file or folder)"
    case .isAddress(let path):
      "\(path.escapedForDisplay): outputs are local (name a file or folder, and upload it afterwards)"
    case .isBeingWritten(let path): "\(path.escapedForDisplay): another run is writing into this folder (wait for it)"
    case .remote(let path, let fault): "\(path.escapedForDisplay): \(fault)"
    case .isBeingMade(let path): "\(path.escapedForDisplay): another run is making it (wait for it)"
    case .compressed(let path, let fault): "\(path.escapedForDisplay): \(fault)"
    }
  }
}

extension FileError {
  /// Whether a disk was full or failed, or something was in use: the same work may succeed later.
  public var mayPass: Bool {
    switch self {
    case .cannotOpen(_, let errno), .cannotRead(_, _, let errno), .cannotList(_, let errno),
      .cannotCreate(_, let errno), .cannotWrite(_, let errno):
      errno.mayPass
    case .noSpace, .isBeingWritten, .isBeingMade: true
    case .remote(_, .http(let fault)): fault.isPassing
    case .remote: false
    case .notRegular, .endsEarly, .changedWhileReading, .alreadyExists, .isInput, .isOtherOutput, .isFolder,
      .isStandardOutput, .isAddress, .compressed, .isConsumed, .hasOtherNames:
      false
    }
  }
}

extension Errno {
  /// Failures of disks, networks and limits, rather than of names, kinds and permissions.
  private static let passing: Set<Errno> = [
    .ioError, .noSpace, .diskQuotaExceeded, .interrupted, .resourceTemporarilyUnavailable, .resourceBusy,
    .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .staleNFSFileHandle, .timedOut, .noLocks, .connectionReset,
    .networkDown, .networkUnreachable, .hostIsDown, .noRouteToHost,
  ]

  fileprivate var mayPass: Bool { Self.passing.contains(self) }

  /// The system's message in this project's wording: lower case.
  var wording: String {
    switch self {
    case .noSpace: "no space left on the disk"
    case .noSuchFileOrDirectory: "no such file or folder"
    default: description.prefix(1).lowercased() + description.dropFirst()
    }
  }
}
