import Bytes

/// How the output of a plan is cut into parts.
public enum PartCut: Sendable, Hashable {
  /// Into so many parts, about equal in work; if the output has fewer slabs, the last parts are empty.
  case count(Int)
  /// Into parts of at most so many bytes of the output; a slab is never cut.
  case byteCount(Int)
}

/// A part of the output of a plan: consecutive bytes of its files, which depend on no other part.
///
/// A cut is between tensors, or between slabs of a tensor that is large for a part.
public struct PlanPart: Sendable, Hashable {
  /// Bytes of one file of the output.
  public struct Piece: Sendable, Hashable {
    /// The index of the file.
    public let fileIndex: Int
    /// The bytes of the file.
    public let range: Range<Int>
    /// Where they begin in a file that has this part alone: at the same offset within a block, so that blocks can be shared.
    public let partOffset: Int

    /// The bytes of the file that has the part alone.
    var partRange: Range<Int> { partOffset..<partOffset + range.count }
  }

  /// Its number, from 0.
  public let index: Int
  /// At most one piece of a file, in the order of the files.
  public let pieces: [Piece]

  init(_ index: Int, _ ranges: [(fileIndex: Int, range: Range<Int>)]) {
    self.index = index
    var end = 0
    pieces = ranges.map { fileIndex, range in
      let block = AtomicFile.sharedBlockByteCount
      let start = end + (range.lowerBound - end % block + block) % block
      end = start + range.count
      return Piece(fileIndex: fileIndex, range: range, partOffset: start)
    }
  }

  /// The bytes of the output.
  public var byteCount: Int { pieces.reduce(0) { $0 + $1.range.count } }
  /// The size of a file that has this part alone.
  var fileByteCount: Int { pieces.last?.partRange.upperBound ?? 0 }

  /// The piece of a file; nil if the part has none of it.
  func piece(of fileIndex: Int) -> Piece? { pieces.first { $0.fileIndex == fileIndex } }

  /// Whether the part has the bytes that a job writes.
  func contains(_ job: Job) -> Bool { piece(of: job.fileIndex)?.range.contains(job.target.lowerBound) ?? false }

  /// The ranges of the inputs that a file has unchanged, as far as they are in this part.
  func copies(of file: PlannedFile, at index: Int) -> [FileCopyRange] {
    guard let piece = piece(of: index) else { return [] }
    return PlannedFile.copyRanges(of: file.tensors(in: piece.range).map { file.tensors[$0] })
      .compactMap { $0.within(piece.range) }
  }
}

extension ConversionPlan {
  /// The jobs of one part, in the order of files and offsets.
  func jobs(of part: PlanPart) -> [Job] { jobs(of: part) { part.copies(of: files[$0.fileIndex], at: $0.fileIndex) } }

  /// The jobs of one part, of which `copies` of each piece are left to copy.
  func jobs(of part: PlanPart, copies: (PlanPart.Piece) throws -> [FileCopyRange]) rethrows -> [Job] {
    try part.pieces.flatMap { piece in
      let file = files[piece.fileIndex]
      return jobs(
        of: file, fileIndex: piece.fileIndex, tensors: file.tensors(in: piece.range), copies: try copies(piece)
      ).filter(part.contains)
    }
  }
}

extension PlannedFile {
  /// The bytes in `range` that belong to no tensor: zeros.
  func padding(in range: Range<Int>) -> [Range<Int>] {
    var gaps: [Range<Int>] = [], end = range.lowerBound
    let filled = tensors(in: range).map { tensors[$0].fileOffset..<tensors[$0].fileOffset + tensors[$0].byteCount }
    for tensor in filled.sorted(by: { $0.lowerBound < $1.lowerBound }) + [range.upperBound..<range.upperBound] {
      if end < tensor.lowerBound { gaps.append(end..<tensor.lowerBound) }
      end = max(end, tensor.upperBound)
    }
    return gaps
  }

  /// The indices of the tensors with bytes in `range`.
  fileprivate func tensors(in range: Range<Int>) -> [Int] {
    tensors.indices.filter { index in
      let start = tensors[index].fileOffset
      return start < range.upperBound && start + tensors[index].byteCount > range.lowerBound
    }
  }
}
