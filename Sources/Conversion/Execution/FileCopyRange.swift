import Bytes
import Models

/// Bytes that are copied unchanged from one file to another, of all tensors that are adjacent in both.
struct FileCopyRange: Sendable, Equatable {
  /// The index of the file in the checkpoint.
  let inputIndex: Int
  /// The offsets in that file and in the output.
  private(set) var sourceOffset: Int, targetOffset: Int
  private(set) var byteCount: Int

  /// The range in the output.
  var target: Range<Int> { targetOffset..<targetOffset + byteCount }

  /// Returns the copy of `range`, a range of the output within this one.
  func part(_ range: Range<Int>) -> FileCopyRange {
    FileCopyRange(
      inputIndex: inputIndex, sourceOffset: sourceOffset + range.lowerBound - targetOffset,
      targetOffset: range.lowerBound, byteCount: range.count)
  }

  /// The copy of the bytes of the output that are in `range`; nil if there are none.
  func within(_ range: Range<Int>) -> FileCopyRange? {
    let common = target.clamped(to: range)
    return common.isEmpty ? nil : part(common)
  }

  /// The same bytes at another place of an output.
  func moved(by distance: Int) -> FileCopyRange {
    var moved = self
    moved.targetOffset += distance
    return moved
  }

  /// Splits the range into ranges of at most `limit` bytes.
  func split(limit: Int) -> [FileCopyRange] {
    stride(from: target.lowerBound, to: target.upperBound, by: limit).map {
      part($0..<min(target.upperBound, $0 + limit))
    }
  }

  /// Appends `next` if it begins where this range ends, in both files; returns whether it did.
  mutating func join(_ next: FileCopyRange) -> Bool {
    guard next.inputIndex == inputIndex, next.targetOffset == target.upperBound,
      next.sourceOffset == sourceOffset + byteCount
    else { return false }
    byteCount += next.byteCount
    return true
  }
}

extension PlannedFile {
  /// The ranges that are copied unchanged, in the order of the file.
  var copyRanges: [FileCopyRange] { Self.copyRanges(of: tensors) }

  /// The same for `tensors` of a file.
  static func copyRanges(of tensors: some Sequence<PlannedTensor>) -> [FileCopyRange] {
    let ranges = tensors.flatMap { tensor in
      tensor.copyRanges.filter { $0.byteCount > 0 }.map { range in
        FileCopyRange(
          inputIndex: tensor.firstInput + range.source.fileIndex,
          sourceOffset: range.source.fileOffset + range.sourceOffset,
          targetOffset: tensor.fileOffset + range.targetOffset, byteCount: range.byteCount)
      }
    }
    return ranges.sorted { $0.targetOffset < $1.targetOffset }.reduce(into: []) { joined, range in
      if let last = joined.indices.last, joined[last].join(range) { return }
      joined.append(range)
    }
  }
}
