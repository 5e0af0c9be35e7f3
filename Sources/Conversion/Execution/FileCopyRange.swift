import Bytes
import Models

/// Bytes that go from a file to a file as they are: of as many tensors as follow each other in both.
struct FileCopyRange: Sendable, Equatable {
  /// Which file of the checkpoint has them.
  let inputIndex: Int
  /// Where they begin in that file, and in the output.
  private(set) var sourceOffset: Int, targetOffset: Int
  /// How many they are.
  private(set) var byteCount: Int

  /// Where they are in the output.
  var target: Range<Int> { targetOffset..<targetOffset + byteCount }

  /// The part of it that lies in `range` of the output, which is within it.
  func instance(_ range: Range<Int>) -> FileCopyRange {
    FileCopyRange(
      inputIndex: inputIndex, sourceOffset: sourceOffset + range.lowerBound - targetOffset,
      targetOffset: range.lowerBound, byteCount: range.count)
  }

  /// Pieces of at most `limit` bytes.
  func pieces(of limit: Int) -> [FileCopyRange] {
    stride(from: target.lowerBound, to: target.upperBound, by: limit).map {
      instance($0..<min(target.upperBound, $0 + limit))
    }
  }

  /// Takes `next` in if it goes on where this one ends, in both files.
  mutating func join(_ next: FileCopyRange) -> Bool {
    guard next.inputIndex == inputIndex, next.targetOffset == target.upperBound,
      next.sourceOffset == sourceOffset + byteCount
    else { return false }
    byteCount += next.byteCount
    return true
  }
}

extension PlannedFile {
  /// Everything in it that is copied, in the order of the file.
  var copyStretches: [FileCopyRange] {
    let runs = tensors.flatMap { tensor in
      tensor.copyRuns.filter { $0.byteCount > 0 }.map { run in
        FileCopyRange(
          inputIndex: run.source.fileIndex, sourceOffset: run.source.fileOffset + run.sourceOffset,
          targetOffset: tensor.fileOffset + run.targetOffset, byteCount: run.byteCount)
      }
    }
    return runs.sorted { $0.targetOffset < $1.targetOffset }.reduce(into: []) { stretches, run in
      if let last = stretches.indices.last, stretches[last].join(run) { return }
      stretches.append(run)
    }
  }
}
