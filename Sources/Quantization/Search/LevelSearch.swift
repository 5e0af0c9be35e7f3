// Searches the scale of a sub-block whose quants choose from the sixteen levels of IQ4: w = scale · level.
//
// Inverse scales (k + first level) / extreme are tried, for k = −7…7, after one of the opposite sign, −first level /
// extreme. Each element takes the nearest level; the best scale for these levels by weighted least squares is
//
//   scale = Σ weight · level · w / Σ weight · level²     and explains     scale · Σ weight · level · w     of the
//   energy.
//
// The one that explains most wins. Same floats as ggml-quants.c `quantize_row_iq4_nl_impl` (llama.cpp 0c1e57098).

enum Levels {
  /// ggml-common.h `kvalues_iq4nl`: steps are finer near zero, where weights are dense.
  static let numbers: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

  /// The number of inverse scales on either side.
  static let tryCount = 7

  /// The index of the level nearest to `number`, the greater of two that are equally near; NaN counts as greatest.
  static func nearestIndex(_ number: Float) -> Int {
    (1..<16).last { !(number < (numbers[$0 - 1] + numbers[$0]) / 2) } ?? 0
  }

  /// The best scale of a sub-block, 0 for a negligible one.
  static func searchScale(_ values: [Float], weights: [Float]) -> Float {
    let extreme = firstOfGreatestMagnitude(values)
    if abs(extreme) < negligibleMagnitude { return 0 }
    func sums(_ inverse: Float) -> (product: Float, square: Float) {
      var product: Float = 0
      var square: Float = 0
      for (value, weight) in zip(values, weights) {
        let level = numbers[nearestIndex(inverse * value)]
        product += weight * level * value
        square += weight * level * level
      }
      return (product, square)
    }
    let first = sums(1 / (-extreme / numbers[0]))
    var scale = first.square > 0 ? first.product / first.square : 0
    var best = scale * first.product
    for step in -tryCount...tryCount {
      let next = sums((Float(step) + numbers[0]) / extreme)
      if next.square > 0, next.product * next.product > best * next.square {
        scale = next.product / next.square
        best = scale * next.product
      }
    }
    return scale
  }
}

extension SIMD8 where Scalar == Float {
  @inline(__always)
  private mutating func raise(_ level: Float, where numbers: Floats, reaches threshold: Float) {
    choose(Floats(repeating: level), where: numbers .>= Floats(repeating: threshold))
  }

  /// The levels nearest to the lanes.
  @inline(__always)
  fileprivate var nearestLevels: Floats {
    var levels = Floats(repeating: -127)
    levels.raise(-104, where: self, reaches: -115.5)
    levels.raise(-83, where: self, reaches: -93.5)
    levels.raise(-65, where: self, reaches: -74)
    levels.raise(-49, where: self, reaches: -57)
    levels.raise(-35, where: self, reaches: -42)
    levels.raise(-22, where: self, reaches: -28.5)
    levels.raise(-10, where: self, reaches: -16)
    levels.raise(1, where: self, reaches: -4.5)
    levels.raise(13, where: self, reaches: 7)
    levels.raise(25, where: self, reaches: 19)
    levels.raise(38, where: self, reaches: 31.5)
    levels.raise(53, where: self, reaches: 45.5)
    levels.raise(69, where: self, reaches: 61)
    levels.raise(89, where: self, reaches: 79)
    levels.raise(113, where: self, reaches: 101)
    return levels
  }

  /// The indices of the levels nearest to the lanes; NaN counts as greatest.
  @inline(__always)
  var nearestLevelIndices: Words {
    var count = SIMD8<Int32>(repeating: 15)
    func step(_ threshold: Float) {
      // A lane's mask is −1 where it is set.
      count &+= unsafeBitCast(self .< Floats(repeating: threshold), to: SIMD8<Int32>.self)
    }
    step(-115.5)
    step(-93.5)
    step(-74)
    step(-57)
    step(-42)
    step(-28.5)
    step(-16)
    step(-4.5)
    step(7)
    step(19)
    step(31.5)
    step(45.5)
    step(61)
    step(79)
    step(101)
    return unsafeBitCast(count, to: Words.self)
  }
}

/// Eight searches, one per lane.
///
/// The tries move no element by more than one level, because they differ by a ninth and levels are farther apart. Each
/// element therefore has two levels, that of the first try and that of the last, and their mean decides.
@inline(never)
func searchLevelScales(_ elements: InlineArray<32, Floats>, weights: InlineArray<32, Floats>) -> Floats {
  let values = elements.span, weights = weights.span
  var extreme = Floats.zero
  var magnitude = Floats.zero
  for index in 0..<32 {
    let isGreater = values[index].magnitude .> magnitude
    magnitude.choose(values[index].magnitude, where: isGreater)
    extreme.choose(values[index], where: isGreater)
  }
  let isNegligible = magnitude .< Floats(repeating: negligibleMagnitude)
  extreme.choose(Floats(repeating: 1), where: isNegligible)

  func inverse(_ step: Int) -> Floats { Floats(repeating: Float(step) - 127) / extreme }
  let opposite = Floats(repeating: 1) / (-extreme / Floats(repeating: -127))
  let first = inverse(-Levels.tryCount)
  let last = inverse(Levels.tryCount)
  var lowerLevels = InlineArray<32, Floats>(repeating: .zero)
  var upperLevels = lowerLevels
  var lower = lowerLevels.mutableSpan, upper = upperLevels.mutableSpan
  var product = Floats.zero
  var square = Floats.zero
  for index in 0..<32 {
    let value = values[index]
    let level = (opposite * value).nearestLevels
    product += weights[index] * level * value
    square += weights[index] * level * level
    let firstLevel = (first * value).nearestLevels
    let lastLevel = (last * value).nearestLevels
    lower[index] = firstLevel.lesser(lastLevel)
    upper[index] = firstLevel.greater(lastLevel)
  }
  var scale = (product / square).choosing(Floats.zero, where: .!(square .> Floats.zero))
  var best = scale * product
  for step in -Levels.tryCount...Levels.tryCount {
    let next = inverse(step)
    product = Floats.zero
    square = Floats.zero
    for index in 0..<32 {
      let value = values[index]
      let half = (lower[index] + upper[index]) * Floats(repeating: 0.5)
      let level = lower[index].choosing(upper[index], where: next * value .>= half)
      let term = weights[index] * level
      product += term * value
      square += term * level
    }
    let isBetter = (square .> Floats.zero) .& (product * product .> best * square)
    let nextScale = product / square
    scale.choose(nextScale, where: isBetter)
    best.choose(nextScale * product, where: isBetter)
  }
  return scale.choosing(Floats.zero, where: isNegligible)
}
