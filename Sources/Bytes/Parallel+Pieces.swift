import Dispatch
import Synchronization

extension Parallel {
  /// Changes consecutive pieces of `values` on up to `threads` threads, each piece on one of them.
  ///
  /// - Parameters:
  ///   - length: the number of values in a piece; the last may have fewer.
  ///   - body: receives the values of a piece, and the index of its first value.
  public static func forEachPiece<Element: BitwiseCopyable & Sendable>(
    of values: inout [Element], length: Int, threads: Int,
    _ body: @Sendable (_ piece: inout MutableSpan<Element>, _ start: Int) -> Void
  ) {
    precondition(length > 0)
    let pieceCount = (values.count + length - 1) / length
    guard min(pieceCount, threads) > 1 else {
      for start in stride(from: 0, to: values.count, by: length) {
        var span = values.mutableSpan
        var piece = span.extracting(start..<min(start + length, span.count))
        body(&piece, start)
      }
      return
    }
    let next = Atomic<Int>(0)
    values.withUnsafeMutableBufferPointer { buffer in
      // Pieces do not overlap, and an index is handed out once.
      nonisolated(unsafe) let whole = buffer
      DispatchQueue.concurrentPerform(iterations: min(pieceCount, threads)) { _ in
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < pieceCount else { return }
          let start = index * length
          var piece = whole.extracting(start..<min(start + length, whole.count)).mutableSpan
          body(&piece, start)
        }
      }
    }
  }
}
