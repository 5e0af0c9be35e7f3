// Searches for the scale, the signs and the grid rows of a sub-block: w = scale · ±(2 · digit + 1).
//
// x are the magnitudes. The tries are inverse scales around (2 · levelCount − 1) / maximum x. Each gives every x its
// nearest digit; digits that are not a row of the grid are replaced by the near row (GridLattice.swift) with the least
//
//   Σ √weight · (scale · (2 · digit + 1) − x)²
//
// The best scale for given digits, Σ weight · x · q / Σ weight · q² with q = 2 · digit + 1, explains
// scale · Σ weight · x · q of the elements' energy; the try that explains most wins. Finally the groups whose digits
// were not rows get new digits from the best scale.
// Same floats as ggml-quants.c `quantize_row_{iq2_xxs,iq2_xs,iq3_xxs,iq3_s,iq2_s}_impl` (llama.cpp 0c1e57098).

/// The parameters of the encoder of a format on a grid.
struct GridSearch: Sendable {
  /// The storage of signs.
  enum Signs {
    /// One per element.
    case eight
    /// Seven per eight elements, with an even number of minus signs: if it is odd, the least important element changes
    /// its sign.
    case seven
  }

  /// The weight of an element without an importance matrix; v is twice the mean square of the block.
  enum PlainWeight {
    /// w²
    case square
    /// v / 4 + w²
    case raisedSquare
    /// None: the format needs an importance matrix.
    case none
  }

  /// The groups that get new digits at the end.
  enum Renewal {
    /// All.
    case all
    /// All, if one was not a row.
    case allIfOneOff
    /// Those that were not rows.
    case off
  }

  let signs: Signs
  let plainWeight: PlainWeight
  let renewal: Renewal
  /// Weights are importance · √(varianceFactor · mean square of the block + w²).
  let varianceFactor: Float
  /// Sub-blocks of smaller magnitude count as zero.
  let negligible: Float
  /// Tries are −tryCount to tryCount steps away from the first.
  let tryCount: Int
  let step: Float
  /// Whether the tries start from the result of `PositiveSearch` instead of the maximum x.
  let startsWithPositiveSearch: Bool
  /// A factor of the block's scale as stored.
  let scaleFactor: Float
  /// Whether a block whose scales are all zero has no rows and signs.
  let clearsZeroBlocks: Bool

  /// The search's result for a sub-block.
  struct Found {
    var scale: Float
    /// Rows of the grid, group by group.
    var rows: [Int]
    /// Signs of eight elements each.
    var signs: [UInt8]
  }

  /// The best scale, rows and signs; nil if the values are too large for floats to distinguish rows.
  ///
  /// A negligible sub-block has no rows and no signs.
  func search(_ values: [Float], weights: [Float], on lattice: GridLattice) -> Found? {
    let count = lattice.levelCount == 3 ? 8 : 4
    let bits = lattice.levelCount == 3 ? 2 : 3
    let roots = weights.map { $0.squareRoot() }
    var (x, signs) = magnitudes(values, weights)
    let greatest = x.dropFirst().reduce(x[0]) { $0 > $1 ? $0 : $1 }
    let nothing = Found(scale: 0, rows: [], signs: [])
    if greatest < negligible { return nothing }

    let odd = Float(2 * lattice.levelCount - 1)
    var scale: Float
    var base: Float
    if startsWithPositiveSearch {
      scale = positiveSearch(x, weights: weights, maximum: lattice.levelCount + 1).scale
      base = scale * Float(lattice.levelCount)
      if base <= 0 { return nothing }
    } else {
      scale = greatest / odd
      base = greatest
    }

    func code(_ group: Int, _ inverse: Float) -> Int {
      (0..<count).reversed().reduce(0) { code, place in
        let digit = nearestInteger(0.5 * (inverse * x[group * count + place] - 1)).clamped(0, lattice.levelCount - 1)
        return code << bits | digit
      }
    }
    func nearest(_ candidates: Range<Int>, _ group: Int, _ scale: Float) -> Int? {
      var best = Float.greatestFiniteMagnitude
      var found: Int?
      for index in candidates {
        let row = Int(lattice.nearRows[index])
        var distance: Float = 0
        for place in 0..<count {
          let difference = scale * lattice.odd(row, place) - x[group * count + place]
          distance += roots[group * count + place] * difference * difference
        }
        if distance < best { (best, found) = (distance, row) }
      }
      return found
    }
    func sums(_ rows: [Int]) -> (product: Float, square: Float) {
      var product: Float = 0
      var square: Float = 0
      for index in x.indices {
        let quant = lattice.odd(rows[index / count], index % count)
        product += weights[index] * x[index] * quant
        square += weights[index] * quant * quant
      }
      return (product, square)
    }

    var best: Float = 0
    var rows = [Int](repeating: 0, count: x.count / count)
    var isOff = rows.map { _ in renewal == .allIfOneOff }
    for tries in -tryCount...tryCount {
      let inverse = (odd + Float(tries) * step) / base
      var nextRows: [Int] = []
      var nextIsOff: [Bool] = []
      for group in rows.indices {
        switch lattice.point(code(group, inverse)) {
        case .row(let row):
          nextRows.append(row)
          nextIsOff.append(false)
        case .between(let candidates):
          guard let row = nearest(candidates, group, 1 / inverse) else { return nil }
          nextRows.append(row)
          nextIsOff.append(true)
        }
      }
      let (product, square) = sums(nextRows)
      if square > 0, product * product > best * square {
        scale = product / square
        best = scale * product
        (rows, isOff) = (nextRows, nextIsOff)
      }
    }
    if scale > 0, renewal == .all || isOff.contains(true) {
      for group in rows.indices where renewal != .off || isOff[group] {
        switch lattice.point(code(group, 1 / scale)) {
        case .row(let row): rows[group] = row
        case .between(let candidates):
          guard let row = nearest(candidates, group, scale) else { return nil }
          rows[group] = row
        }
      }
      let (product, square) = sums(rows)
      if square > 0 { scale = product / square }
    }
    if scale < 0 {
      scale = -scale
      signs = signs.map { self.signs == .seven ? ~$0 & 127 : ~$0 }
    }
    guard scale >= 0 else { return nil }
    return Found(scale: scale, rows: rows, signs: signs)
  }

  /// Magnitudes and signs of the elements; an element whose sign cannot be stored stays negative.
  private func magnitudes(_ values: [Float], _ weights: [Float]) -> ([Float], [UInt8]) {
    var x = values.map { $0 >= 0 ? $0 : -$0 }
    let signs = stride(from: 0, to: values.count, by: 8).map { start in
      var signs = (0..<8).reduce(0) { $0 | (values[start + $1] >= 0 ? 0 : 1 << UInt8($1)) } as UInt8
      guard self.signs == .seven else { return signs }
      if signs.nonzeroBitCount % 2 == 1 {
        func energy(_ index: Int) -> Float { weights[index] * values[index] * values[index] }
        let least = (start + 1..<start + 8).reduce(start) { energy($1) < energy($0) ? $1 : $0 }
        x[least] = -x[least]
        signs ^= 1 << UInt8(least - start)
      }
      return signs & 127
    }
    return (x, signs)
  }

  /// The weights of a block's elements.
  func weights(_ values: [Float], importance: [Float]?) -> [Float] {
    let sum = sumOfSquares(values)
    let variance = varianceFactor * sum / 256
    if let importance { return importanceWeights(values, importance: importance, variance: variance) }
    return values.map { plainWeight == .raisedSquare ? 0.25 * variance + $0 * $0 : $0 * $0 }
  }

  /// The four-bit scale of each sub-block, and the scale of the block; nil if all are zero.
  func smallScales(_ scales: [Float]) -> (scale: Float, numbers: [Int])? {
    let greatest = scales.reduce(0) { $0 > $1 ? $0 : $1 }
    if greatest == 0 { return nil }
    let scale = greatest / 31
    let inverse = 1 / scale
    return (
      scale * scaleFactor, scales.map { nearestInteger(0.5 * (inverse * $0 - 1)).clamped(0, 15) }
    )
  }
}

extension GridLattice {
  /// 2 · digit + 1.
  func odd(_ row: Int, _ place: Int) -> Float { Float(2 * digit(row, place) + 1) }
}
