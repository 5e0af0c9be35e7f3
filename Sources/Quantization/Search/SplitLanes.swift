// SplitSearch.swift with vectors: a lane is a sub-block, eight at a time. Each tries all splits in the order of the
// scalar implementation.

/// The sorted elements of eight sub-blocks of `count`, their running sums, and the best splits.
struct SplitLanes<let count: Int> {
  /// The scale of each sub-block's best split.
  private(set) var scale = Floats.zero
  /// The best split of each sub-block: the low end, the high end and the shift; the mark of nil if no split is valid.
  private var splits = Words(repeating: .max)
  private var best = Floats(repeating: -.greatestFiniteMagnitude)
  /// Indices of elements in ascending order, sub-block after sub-block.
  private var order = InlineArray<256, UInt8>(repeating: 0)

  /// Sorts the elements of the sub-blocks from byte `source` on, equal ones in their order.
  ///
  /// The place of an element is the number of those before it: comparing all pairs needs no branches.
  @inline(__always)
  private mutating func sort(_ values: RawSpan, at source: Int) {
    let elements: InlineArray<count, Floats> = values.subBlocks(at: source)
    var ranks = InlineArray<count, Words>(repeating: .zero)
    let elementSpan = elements.span
    var places = ranks.mutableSpan
    for later in 1..<count {
      var place = Words(repeating: UInt32(truncatingIfNeeded: later))
      for earlier in 0..<later {
        // A lane's mask is −1 where it is set.
        let isLess = unsafeBitCast(elementSpan[later] .< elementSpan[earlier], to: Words.self)
        place &+= isLess
        places[earlier] &-= isLess
      }
      places[later] = place
    }
    for index in 0..<count {
      let place = places[index]
      for lane in 0..<8 {
        order[(lane &* count &+ Int(truncatingIfNeeded: place[lane])) & 255] = UInt8(truncatingIfNeeded: index)
      }
    }
  }

  /// Replaces the best splits by those that are better.
  @inline(__always)
  private mutating func take(_ product: Floats, _ square: Floats, _ code: Int) {
    let isBetter = (square .> Floats.zero) .& (product * product .> best * square)
    guard isBetter.isAnySet else { return }
    let next = product / square
    scale.choose(next, where: isBetter)
    best.choose(next * product, where: isBetter)
    splits.replace(with: Words(repeating: UInt32(truncatingIfNeeded: code)), where: isBetter)
  }

  /// The best split of a sub-block.
  @inline(__always)
  func split(_ lane: Int) -> SplitSearch.Split? {
    let code = splits[lane]
    guard code != .max else { return nil }
    return SplitSearch.Split(
      scale: scale[lane], low: Int(code &>> 8 & 63), high: Int(code &>> 2 & 63), shift: Int(code & 3))
  }

  /// The digits of a sub-block, two bits each, low ones first; reversed for a negative scale.
  @inline(__always)
  func digits(_ lane: Int, _ split: SplitSearch.Split) -> UInt64 {
    var digits: UInt64 = 0
    let isFlipped = split.scale < 0
    for position in 0..<count {
      let digit: UInt64 = position < split.low ? 0 : position < split.high ? 1 : 2
      let place = UInt64(order[lane &* count &+ position])
      digits |= (isFlipped ? 2 &- digit : digit) &<< (place &* 2)
    }
    return digits
  }
}

extension SplitLanes where count == 32 {
  /// Adds up the products and weights of the sorted elements; the first vector of each is zero.
  @inline(__always)
  private func fill(
    _ products: inout InlineArray<33, Floats>, _ sums: inout InlineArray<33, Floats>, _ values: RawSpan, at source: Int,
    weights: InlineArray<256, Float>
  ) {
    let order = order.span, weights = weights.span
    var productSpan = products.mutableSpan, sumSpan = sums.mutableSpan
    var products = productSpan.mutableBytes, sums = sumSpan.mutableBytes
    for lane in 0..<8 {
      var product: Float = 0
      var sum: Float = 0
      for position in 0..<32 {
        let index = lane &* 32 &+ Int(order[lane &* 32 &+ position])
        product += weights[index] * values.float(at: source &+ index &* floatByteCount)
        sum += weights[index]
        let place = ((position &+ 1) &* 8 &+ lane) &* floatByteCount
        products.store(product, at: place)
        sums.store(sum, at: place)
      }
    }
  }

  /// Searches eight sub-blocks of 32; `weights` are those of the whole block.
  @inline(never)
  init(_ values: RawSpan, at source: Int, weights: InlineArray<256, Float>) {
    sort(values, at: source)
    var products = InlineArray<33, Floats>(repeating: .zero)
    var sums = products
    fill(&products, &sums, values, at: source, weights: weights)
    let small = Floats(repeating: 0.875), great = Floats(repeating: 1.125), eighth = Floats(repeating: 0.125)
    var upTails = products, downTails = products, upSquares = products, downSquares = products
    for index in 0..<33 {
      let product = products[32] - products[index], sum = sums[32] - sums[index]
      upTails[index] = product * great
      downTails[index] = product * small
      upSquares[index] = sum * great * great
      downSquares[index] = sum * small * small
    }
    for low in 0...32 {
      let upHead = -(products[low] * small), downHead = -(products[low] * great)
      let upHeadSquare = sums[low] * small * small, downHeadSquare = sums[low] * great * great
      for high in low...32 {
        let middle = (products[high] - products[low]) * eighth
        let middleSquare = (sums[high] - sums[low]) * eighth * eighth
        let up = upHead + middle + upTails[high]
        let down = downHead - middle + downTails[high]
        let upSquare = upHeadSquare + middleSquare + upSquares[high]
        let downSquare = downHeadSquare + middleSquare + downSquares[high]
        let isBetter =
          ((upSquare .> Floats.zero) .& (up * up .> best * upSquare))
          .| ((downSquare .> Floats.zero) .& (down * down .> best * downSquare))
        guard isBetter.isAnySet else { continue }
        let code = low &<< 8 | high &<< 2
        take(up, upSquare, code)
        take(down, downSquare, code | 1)
      }
    }
  }
}

extension SplitLanes where count == 16 {
  /// Adds up the products and weights of the sorted elements in one half of each sub-block; the first vectors are zero.
  @inline(__always)
  private func fill(
    _ products: inout InlineArray<17, Floats>, _ sums: inout InlineArray<17, Floats>, _ values: RawSpan, at source: Int,
    weights: InlineArray<256, Float>, first: Int, half: Int
  ) {
    let order = order.span, weights = weights.span
    var productSpan = products.mutableSpan, sumSpan = sums.mutableSpan
    var products = productSpan.mutableBytes, sums = sumSpan.mutableBytes
    for lane in 0..<8 {
      var product: Float = 0
      var sum: Float = 0
      for position in 0..<16 {
        let place = lane &* 16 &+ Int(order[lane &* 16 &+ position])
        let weight = weights[first &* 16 &+ place]
        let nextProduct = product + weight * values.float(at: source &+ place &* floatByteCount)
        let isHere = place &>> 3 & 1 == half
        product = isHere ? nextProduct : product
        sum = isHere ? sum + weight : sum
        let target = ((position &+ 1) &* 8 &+ lane) &* floatByteCount
        products.store(product, at: target)
        sums.store(sum, at: target)
      }
    }
  }

  /// Searches eight sub-blocks of 16, from sub-block `first` of the block whose weights are given.
  @inline(never)
  init(_ values: RawSpan, at source: Int, weights: InlineArray<256, Float>, first: Int) {
    sort(values, at: source)
    // For the first eight elements of each sub-block, then for the others.
    var products = InlineArray<2, InlineArray<17, Floats>>(repeating: .init(repeating: .zero))
    var sums = products
    fill(&products[0], &sums[0], values, at: source, weights: weights, first: first, half: 0)
    fill(&products[1], &sums[1], values, at: source, weights: weights, first: first, half: 1)
    let small = Floats(repeating: 0.875), great = Floats(repeating: 1.125)
    // The change of a split's squares at each end: q₀² − q₁² and q₁² − q₂², shifted up, and the reverse shifted down.
    let fine = Floats(repeating: 0.75), coarse = Floats(repeating: 1.25)
    let up0 = products[0][16] * great, down0 = products[0][16] * small
    let up1 = products[1][16] * great, down1 = products[1][16] * small
    let upTotal0 = sums[0][16] * great * great, downTotal0 = sums[0][16] * small * small
    let upTotal1 = sums[1][16] * great * great, downTotal1 = sums[1][16] * small * small
    for low in 0...16 {
      let low0 = products[0][low], low1 = products[1][low]
      let upLow0 = upTotal0 + sums[0][low] * fine, downLow0 = downTotal0 + sums[0][low] * coarse
      let upLow1 = upTotal1 + sums[1][low] * fine, downLow1 = downTotal1 + sums[1][low] * coarse
      for high in low...16 {
        let both0 = low0 + products[0][high], both1 = low1 + products[1][high]
        let fine0 = sums[0][high] * fine, coarse0 = sums[0][high] * coarse
        let fine1 = sums[1][high] * fine, coarse1 = sums[1][high] * coarse
        let upProduct0 = up0 - both0, downProduct0 = down0 - both0
        let upProduct1 = up1 - both1, downProduct1 = down1 - both1
        let upSquare0 = upLow0 - coarse0, downSquare0 = downLow0 - fine0
        let upSquare1 = upLow1 - coarse1, downSquare1 = downLow1 - fine1
        let product0 = upProduct0 + upProduct1, square0 = upSquare0 + upSquare1
        let product1 = upProduct0 + downProduct1, square1 = upSquare0 + downSquare1
        let product2 = downProduct0 + upProduct1, square2 = downSquare0 + upSquare1
        let product3 = downProduct0 + downProduct1, square3 = downSquare0 + downSquare1
        let isBetter =
          ((square0 .> Floats.zero) .& (product0 * product0 .> best * square0))
          .| ((square1 .> Floats.zero) .& (product1 * product1 .> best * square1))
          .| ((square2 .> Floats.zero) .& (product2 * product2 .> best * square2))
          .| ((square3 .> Floats.zero) .& (product3 * product3 .> best * square3))
        guard isBetter.isAnySet else { continue }
        let code = low &<< 8 | high &<< 2
        take(product0, square0, code)
        take(product1, square1, code | 1)
        take(product2, square2, code | 2)
        take(product3, square3, code | 3)
      }
    }
  }
}
