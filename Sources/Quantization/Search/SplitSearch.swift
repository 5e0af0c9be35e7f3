// Searches the scale, the shift and the rows of a sub-block of −1, 0 and 1: w = scale · (digit − 1 ± ⅛).
//
// Elements are sorted. Every split into the three digits is tried, with the shift up and with it down: the best scale
// for a split, Σ weight · w · q / Σ weight · q², explains scale · Σ weight · w · q of the elements' energy, and the
// split that explains most wins. Sums over ranges of the sorted elements are differences of running sums. Then groups
// of eight that are not a row of the grid are replaced by the near row (GridLattice.swift) with the least Σ weight ·
// (scale · q − w)², and the scale is recomputed.
//
// IQ1_S: one shift per 32 elements. IQ1_M: one per eight of 16, and running sums per eight; the sum of a split is
// total · highest q − the two sums below it, because consecutive q differ by 1.
// Same floats as ggml-quants.c `quantize_row_iq1_s_impl` and `quantize_row_iq1_m_impl` (llama.cpp 0c1e57098).

enum SplitSearch {
  /// −1, 0 and 1, shifted up and down.
  static let shifted: [[Float]] = [[-0.875, 0.125, 1.125], [-1.125, -0.125, 0.875]]

  /// The search's result for a sub-block.
  struct Found {
    var scale: Float
    /// For each group of eight, whether it is shifted down.
    var isDown: [Bool]
    var rows: [Int]
  }

  /// The bounds of the three digits in the sorted elements, and the scale.
  struct Split {
    var scale: Float
    var low: Int, high: Int
    /// The index of the shift.
    var shift: Int
  }

  /// The best split of a sub-block of 32; nil if the values are too large for floats to distinguish rows. A negligible
  /// sub-block has no rows.
  static func search32(_ values: [Float], weights: [Float]) -> Found? {
    let order = sorted(values)
    var products: [Float] = [0]
    var sums: [Float] = [0]
    for index in order {
      products.append(products[products.count - 1] + weights[index] * values[index])
      sums.append(sums[sums.count - 1] + weights[index])
    }
    var best = -Float.greatestFiniteMagnitude
    var split: Split?
    for low in 0...32 {
      for high in low...32 {
        for (shift, q) in shifted.enumerated() {
          let product =
            (products[low] - products[0]) * q[0] + (products[high] - products[low]) * q[1]
            + (products[32] - products[high]) * q[2]
          let square =
            (sums[low] - sums[0]) * q[0] * q[0] + (sums[high] - sums[low]) * q[1] * q[1]
            + (sums[32] - sums[high]) * q[2] * q[2]
          if square > 0, product * product > best * square {
            let scale = product / square
            best = scale * product
            split = Split(scale: scale, low: low, high: high, shift: shift)
          }
        }
      }
    }
    guard let split else { return Found(scale: 0, isDown: [], rows: []) }
    let isFlipped = split.scale < 0
    return rows(
      values, weights, digits(order, split), scale: abs(split.scale),
      isDown: [Bool](repeating: (split.shift == 1) != isFlipped, count: 4))
  }

  /// The best split of a sub-block of 16, whose halves have separate shifts.
  static func search16(_ values: [Float], weights: [Float]) -> Found? {
    let order = sorted(values)
    var products: [[Float]] = [[0], [0]]
    var sums: [[Float]] = [[0], [0]]
    for (position, index) in order.enumerated() {
      for half in 0..<2 {
        let isHere = index / 8 == half
        products[half].append(
          isHere ? products[half][position] + weights[index] * values[index] : products[half][position])
        sums[half].append(isHere ? sums[half][position] + weights[index] : sums[half][position])
      }
    }
    var best = -Float.greatestFiniteMagnitude
    var split: Split?
    for low in 0...16 {
      for high in low...16 {
        // By half, then by shift.
        let halves = (0..<2).map { half in
          shifted.map { q in
            (
              product: products[half][16] * q[2] - (products[half][low] + products[half][high]),
              square: sums[half][16] * q[2] * q[2] + sums[half][low] * (q[0] * q[0] - q[1] * q[1])
                + sums[half][high] * (q[1] * q[1] - q[2] * q[2])
            )
          }
        }
        for shift in 0..<4 {
          let product = halves[0][shift / 2].product + halves[1][shift % 2].product
          let square = halves[0][shift / 2].square + halves[1][shift % 2].square
          if square > 0, product * product > best * square {
            let scale = product / square
            best = scale * product
            split = Split(scale: scale, low: low, high: high, shift: shift)
          }
        }
      }
    }
    guard let split else { return Found(scale: 0, isDown: [], rows: []) }
    let shift = split.scale < 0 ? 3 - split.shift : split.shift
    return rows(
      values, weights, digits(order, split), scale: abs(split.scale), isDown: [shift / 2 == 1, shift % 2 == 1])
  }

  /// The indices of elements in ascending order; a stable sort.
  private static func sorted(_ values: [Float]) -> [Int] {
    values.indices.sorted { values[$0] < values[$1] || values[$0] == values[$1] && $0 < $1 }
  }

  /// The digits of a split, reversed for a negative scale.
  private static func digits(_ order: [Int], _ split: Split) -> [Int] {
    var digits = order
    for (position, index) in order.enumerated() {
      let digit = position < split.low ? 0 : position < split.high ? 1 : 2
      digits[index] = split.scale < 0 ? 2 - digit : digit
    }
    return digits
  }

  /// The rows for digits, and the scale for these.
  private static func rows(
    _ values: [Float], _ weights: [Float], _ digits: [Int], scale: Float, isDown: [Bool]
  ) -> Found? {
    let lattice = Grid.Lattice.iq1
    var found = Found(scale: scale, isDown: isDown, rows: [])
    var isOff = false
    for group in isDown.indices {
      let q = shifted[isDown[group] ? 1 : 0]
      let code = (0..<8).reversed().reduce(0) { $0 << 2 | digits[group * 8 + $1] }
      switch lattice.point(code) {
      case .row(let row): found.rows.append(row)
      case .between(let candidates):
        isOff = true
        var best = Float.greatestFiniteMagnitude
        var nearest: Int?
        for candidate in candidates {
          let row = Int(lattice.nearRows[candidate])
          var distance: Float = 0
          for place in 0..<8 {
            let difference = scale * q[lattice.digit(row, place)] - values[group * 8 + place]
            distance += weights[group * 8 + place] * difference * difference
          }
          if distance < best { (best, nearest) = (distance, row) }
        }
        guard let nearest else { return nil }
        found.rows.append(nearest)
      }
    }
    if isOff {
      var product: Float = 0
      var square: Float = 0
      for index in values.indices {
        let quant = shifted[isDown[index / 8] ? 1 : 0][lattice.digit(found.rows[index / 8], index % 8)]
        product += weights[index] * quant * values[index]
        square += weights[index] * quant * quant
      }
      if product > 0, square > 0 { found.scale = product / square }
    }
    return found.scale >= 0 ? found : nil
  }
}

extension GridLattice {
  /// The digit of a row at an index.
  func digit(_ row: Int, _ place: Int) -> Int { Int(rows[row] >> UInt64(8 * place) & 255) }
}
