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
    let frequencies = try RotaryFrequencies(rotary, positionCount: positionCount)
    self.pairs = pairs
    pairCount = frequencies.inverse.count
    var cosines: [Float] = [], sines: [Float] = []
    cosines.reserveCapacity(positionCount * pairCount)
    sines.reserveCapacity(positionCount * pairCount)
    for position in 0..<positionCount {
      for frequency in frequencies.inverse {
        let angle = Double(Float(position) * frequency)
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
  func rotate(_ matrix: inout Matrix, headDimension: Int, start: Int = 0) {
    let columnCount = matrix.columnCount
    let headCount = columnCount / headDimension
    let isInterleaved = pairs == .interleaved
    let step = isInterleaved ? 2 : 1, distance = isInterleaved ? 1 : pairCount
    for position in 0..<matrix.rowCount {
      let cosines = cosines.span.extracting(position * pairCount..<(position + 1) * pairCount)
      let sines = sines.span.extracting(position * pairCount..<(position + 1) * pairCount)
      var values = matrix.values.mutableSpan
      for head in 0..<headCount {
        let first = position * columnCount + head * headDimension + start
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
