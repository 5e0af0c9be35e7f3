import Bytes
import Models

/// Where a worker writes a part.
public enum PartPlace: String, Sendable {
  /// Into a file that has the part alone, in the folder of parts.
  case file
  /// Into the unfinished output, at the offsets of the output, while others write other parts of it.
  case output
}

/// The files that a worker writes a part to.
struct PartOutput {
  /// For each piece the file, and what its offsets are moved by.
  private let targets: [(piece: PlanPart.Piece, file: AtomicFile, distance: Int)]
  /// The file that has the part alone; nil if it is written in place.
  private let file: AtomicFile?
  private let plan: ConversionPlan

  /// - Parameter folders: that of the parts and those of the output are created where they are missing.
  init(_ part: PlanPart, of plan: ConversionPlan, in folder: PartFolder, _ place: PartPlace) throws {
    self.plan = plan
    try OutputFolder(folder.path).create()
    switch place {
    case .file:
      let path = folder.partPath(part.index)
      if AtomicFile.isBeingWritten(path) { throw FileError.isBeingMade(path: path) }
      let file = try AtomicFile(path, overwrite: .replace)
      self.file = file
      targets = part.pieces.map { ($0, file, $0.partOffset - $0.range.lowerBound) }
    case .output:
      for path in plan.folders { try OutputFolder(path).create() }
      file = nil
      targets = try part.pieces.map { piece in
        let path = plan.files[piece.fileIndex].path
        return (
          piece,
          try AtomicFile(continuing: path, as: folder.unfinishedKind, isShared: true, overwrite: .replace), 0
        )
      }
    }
  }

  /// Where the bytes of an output file go, at the offsets of that file.
  subscript(fileIndex: Int) -> any PositionalOutput {
    guard let target = targets.first(where: { $0.piece.fileIndex == fileIndex }) else {
      return NoOutput(path: plan.files[fileIndex].path)
    }
    return MovedOutput(base: target.file, distance: target.distance)
  }

  /// Shares blocks with `inputs` where possible, reserves room for the rest, and writes what is between tensors.
  ///
  /// - Returns: for each piece the ranges left to copy, and the bytes that are shared.
  func prepare(
    _ part: PlanPart, _ inputs: [any ByteSource]
  ) throws -> (rest: [[FileCopyRange]], sharedByteCount: Int) {
    var rest: [[FileCopyRange]] = [], sharedByteCount = 0
    for (piece, target, distance) in targets {
      let file = plan.files[piece.fileIndex]
      let copies = part.copies(of: file, at: piece.fileIndex)
      let (left, shared) = target.share(copies.map { $0.moved(by: distance) }, of: inputs)
      rest.append(left.map { $0.moved(by: -distance) })
      sharedByteCount += shared
      guard self.file == nil else { continue }
      try target.reserve(piece.range, of: file.byteCount, shared: shared)
      // An earlier try may have left anything.
      try target.clear(file.padding(in: piece.range))
    }
    try file?.reserve(part.fileByteCount, shared: sharedByteCount)
    return (rest, sharedByteCount)
  }

  /// Has everything on the disk, and returns the digest of each piece, read back.
  func flushedDigests() throws -> [String] {
    for file in file.map({ [$0] }) ?? targets.map(\.file) { try file.flush() }
    return try targets.map { piece, file, distance in
      let range = piece.range.lowerBound + distance..<piece.range.upperBound + distance
      return try FileDigest.sha256(InputLocation.openFile(file.temporaryPath), [range])
    }
  }

  /// Gives a file that has the part alone its name.
  func commit() throws { try file?.commit() }

  func discard() { for target in targets { target.file.discard() } }
}

/// A file whose bytes have other offsets than those that are written to.
private struct MovedOutput: PositionalOutput {
  let base: AtomicFile
  let distance: Int

  func write(_ bytes: RawSpan, at offset: Int) throws(FileError) { try base.write(bytes, at: offset + distance) }

  func copy(_ source: any ByteSource, from start: Int, count: Int, to offset: Int) throws(FileError) {
    try base.copy(source, from: start, count: count, to: offset + distance)
  }
}

/// An output file of which a part has nothing, so that nothing may be written to it.
private struct NoOutput: PositionalOutput {
  let path: String

  func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    throw .cannotWrite(path: path, errno: .badFileDescriptor)
  }

  func copy(_ source: any ByteSource, from start: Int, count: Int, to offset: Int) throws(FileError) {
    throw .cannotWrite(path: path, errno: .badFileDescriptor)
  }
}
