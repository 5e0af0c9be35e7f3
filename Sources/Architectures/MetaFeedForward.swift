/// How Meta's programs compute the inner width of the feed-forward network (llama-models, `FeedForward`).
///
/// `int(8 * dim / 3)`, times `ffn_dim_multiplier` and cut to an integer if that is stated, rounded up to a multiple of
/// `multiple_of`.
enum MetaFeedForward {
  /// Values of `multiple_of`, the usual ones first.
  private static let multiples = [256, 1024, 4096, 512, 128, 64, 32, 16, 8, 4, 2, 1]
  /// Sizes beyond this are not those of a model; the arithmetic below stays exact up to it.
  private static let limit = 1 << 40

  static func length(dim: Int, multiplier: Double?, multipleOf multiple: Int) -> Int? {
    guard (1...limit).contains(dim), (1...limit).contains(multiple) else { return nil }
    let base = 8 * dim / 3
    guard let scaled = multiplier.map({ Int(exactly: ($0 * Double(base)).rounded(.towardZero)) }) ?? base,
      (0...limit).contains(scaled)
    else { return nil }
    return (scaled + multiple - 1) / multiple * multiple
  }

  /// Returns members that give `length`: none but `multiple_of` where that suffices, and a factor with few digits.
  static func members(length: Int, dim: Int) -> (multipleOf: Int, multiplier: Double?)? {
    let candidates = multiples.filter { length > 0 && length % $0 == 0 }
    if let multiple = candidates.first(where: { self.length(dim: dim, multiplier: nil, multipleOf: $0) == length }) {
      return (multiple, nil)
    }
    guard (1...limit).contains(dim), (1...limit).contains(length) else { return nil }
    let ratio = Double(length) / Double(8 * dim / 3)
    for power in [10.0, 100, 1_000, 10_000, 100_000, 1_000_000] {
      let multiplier = (ratio * power).rounded(.down) / power
      if let multiple = candidates.first(where: {
        self.length(dim: dim, multiplier: multiplier, multipleOf: $0) == length
      }) {
        return (multiple, multiplier)
      }
    }
    return nil
  }
}
