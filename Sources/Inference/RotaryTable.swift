import Architectures
import Tensors

/// The cosines and sines that rotate the queries and keys of a sequence.
///
/// The angle of pair `k` at position `p` is `p × inverseFrequency(k)`, a product of float32 values as in PyTorch.
struct RotaryTable: Sendable {
  /// The number of rotated pairs in a head.
  let pairCount: Int
  /// The elements of a pair.
  let pairs: ForwardPassFeatures.RotaryPairs
  /// `[position][pair]`
  private let cosines: [Float], sines: [Float]

  /// Computes the table for positions `0..<positionCount`.
  init(
    _ rotary: RotaryEmbedding, pairs: ForwardPassFeatures.RotaryPairs = .halfSplit, positionCount: Int
  ) throws(InferenceError) {
    self.init(
      try RotaryFrequencies(rotary, positionCount: positionCount), pairs: pairs, positionCount: positionCount)
  }

  /// Computes the table for positions `0..<positionCount`.
  init(_ frequencies: RotaryFrequencies, pairs: ForwardPassFeatures.RotaryPairs, positionCount: Int) {
    self.init(frequencies, pairs: pairs, positions: (0..<positionCount).map { Float($0) })
  }

  /// Computes the table for `positions`, of which row `p` of a matrix has the one at index `p`.
  ///
  /// - Parameter isFromPlain: whether row `p` was rotated for position `p` before; the table then has the difference of the
  ///   rounded angles, which is exact, so the result is as precise as one rotation.
  init(
    _ frequencies: RotaryFrequencies, pairs: ForwardPassFeatures.RotaryPairs, positions: [Float],
    isFromPlain: Bool = false
  ) {
    self.pairs = pairs
    pairCount = frequencies.inverse.count
    var cosines: [Float] = [], sines: [Float] = []
    cosines.reserveCapacity(positions.count * pairCount)
    sines.reserveCapacity(positions.count * pairCount)
    for (row, position) in positions.enumerated() {
      for frequency in frequencies.inverse {
        let angle = Double(position * frequency) - (isFromPlain ? Double(Float(row) * frequency) : 0)
        cosines.append(Float(DeterministicMath.cosine(angle)) * frequencies.attentionFactor)
        sines.append(Float(DeterministicMath.sine(angle)) * frequencies.attentionFactor)
      }
    }
    self.cosines = cosines
    self.sines = sines
  }

  /// Rotates every head of `matrix` `[position, head × headDimension]`, from element `start` of the head on; the rest is
  /// unchanged.
  ///
  ///     a' = a cos - b sin        b' = b cos + a sin
  ///
  ///     half-split   a and b are the elements k and k + pairCount
  ///     interleaved  2k and 2k + 1
  ///
  /// - Parameter firstPosition: the index in the table of the first row.
  func rotate(_ matrix: inout Matrix, headDimension: Int, start: Int = 0, firstPosition: Int = 0) {
    let columnCount = matrix.columnCount
    let headCount = columnCount / headDimension
    let isInterleaved = pairs == .interleaved
    let step = isInterleaved ? 2 : 1, distance = isInterleaved ? 1 : pairCount
    for row in 0..<matrix.rowCount {
      let angles = (firstPosition + row) * pairCount..<(firstPosition + row + 1) * pairCount
      let cosines = cosines.span.extracting(angles), sines = sines.span.extracting(angles)
      var values = matrix.values.mutableSpan
      for head in 0..<headCount {
        let first = row * columnCount + head * headDimension + start
        for pair in 0..<pairCount {
          let index = first + pair * step
          let a = values[index], b = values[index + distance]
          values[index] = a * cosines[pair] - b * sines[pair]
          values[index + distance] = b * cosines[pair] + a * sines[pair]
        }
      }
    }
  }
}
