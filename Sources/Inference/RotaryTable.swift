import Architectures

/// The cosines and sines that turn the queries and keys of a sequence.
///
/// The angle of pair `k` at position `p` is `p × inverseFrequency(k)`, a product of float32 numbers as in PyTorch.
/// Pair `k` is made of the elements `k` and `k + pairCount` of a head (Hugging Face's order).
struct RotaryTable: Sendable {
  /// Pairs of elements that are turned in a head.
  let pairCount: Int
  /// `[position][pair]`
  private let cosines: [Float], sines: [Float]

  /// Computes the table for positions `0..<positionCount`.
  init(_ rotary: RotaryEmbedding, positionCount: Int) throws(InferenceError) {
    let frequencies = try RotaryFrequencies(rotary, positionCount: positionCount)
    pairCount = frequencies.inverse.count
    var cosines: [Float] = [], sines: [Float] = []
    cosines.reserveCapacity(positionCount * pairCount)
    sines.reserveCapacity(positionCount * pairCount)
    for position in 0..<positionCount {
      for frequency in frequencies.inverse {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(Elementary.cosine(angle)) * frequencies.attentionFactor)
        sines.append(Float(Elementary.sine(angle)) * frequencies.attentionFactor)
      }
    }
    self.cosines = cosines
    self.sines = sines
  }

  /// Turns every head of `matrix` `[position, head × headDimension]`; elements behind the pairs stay.
  ///
  ///     a' = a cos - b sin        b' = b cos + a sin
  func rotate(_ matrix: inout Matrix, headDimension: Int) {
    let columnCount = matrix.columnCount
    let headCount = columnCount / headDimension
    for position in 0..<matrix.rowCount {
      let cosines = cosines.span.extracting(position * pairCount..<(position + 1) * pairCount)
      let sines = sines.span.extracting(position * pairCount..<(position + 1) * pairCount)
      var values = matrix.values.mutableSpan
      for head in 0..<headCount {
        let first = position * columnCount + head * headDimension
        for pair in 0..<pairCount {
          let a = values[first + pair], b = values[first + pair + pairCount]
          values[first + pair] = a * cosines[pair] - b * sines[pair]
          values[first + pair + pairCount] = b * cosines[pair] + a * sines[pair]
        }
      }
    }
  }
}
