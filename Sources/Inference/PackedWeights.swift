/// The right factor of a product, packed: panels of sixteen weight rows, transposed so that the sixteen values of one
/// column are a vector.
///
///     rows o … o+15, columns 0, 1, 2, …   ─►   panel: (w[o,0] w[o+1,0] … w[o+15,0])  (w[o,1] … w[o+15,1])  …
///
/// Missing rows of the last panel are zero.
struct PackedWeights: Sendable {
  /// Rows in a panel.
  static let height = 16

  /// Rows that were packed: the columns of the product.
  private(set) var rowCount = 0
  /// The number of values in a row: the length of the sums.
  private(set) var depth = 0
  /// `[panel][column]`, a lane for each row of the panel.
  private(set) var vectors: [SIMD16<Float>] = []

  /// The number of panels for `rowCount` rows.
  var count: Int { (rowCount + Self.height - 1) / Self.height }

  /// Packs `rowCount` rows of `depth` values; row `r` begins at `start + r * stride`.
  mutating func pack(_ source: [Float], rowCount: Int, depth: Int, start: Int = 0, stride: Int) {
    clear(rowCount: rowCount, depth: depth)
    let numbers = source.span
    let panelCount = count
    // Four rows by four columns at a time, as far as they go.
    let wholeDepth = depth & ~3
    var target = vectors.mutableSpan
    for panel in 0..<panelCount {
      let height = min(Self.height, rowCount - panel * Self.height)
      let firstRow = start + panel * Self.height * stride
      for lane in Swift.stride(from: 0, to: height & ~3, by: 4) {
        var bytes = target.mutableBytes
        for column in Swift.stride(from: 0, to: wholeDepth, by: 4) {
          bytes.storeTransposed(
            numbers.bytes, at: firstRow + lane * stride + column, stride: stride,
            at: (panel * depth + column) * Self.height + lane)
        }
      }
      for lane in 0..<height {
        let row = numbers.extracting(firstRow + lane * stride..<firstRow + lane * stride + depth)
        for column in (lane < height & ~3 ? wholeDepth : 0)..<depth {
          target[panel * depth + column][lane] = row[column]
        }
      }
    }
  }

  /// Packs the transpose of `depth` rows of `rowCount` values; row `r` begins at `start + r * stride`.
  mutating func pack(transposing source: [Float], rowCount: Int, depth: Int, start: Int, stride: Int) {
    clear(rowCount: rowCount, depth: depth)
    let numbers = source.span
    let panelCount = count
    var target = vectors.mutableSpan
    for panel in 0..<panelCount {
      let height = min(Self.height, rowCount - panel * Self.height)
      for column in 0..<depth {
        let first = start + column * stride + panel * Self.height
        if height == Self.height {
          target[panel * depth + column] = numbers.bytes.unsafeLoadUnaligned(
            fromByteOffset: first * MemoryLayout<Float>.stride, as: SIMD16<Float>.self)
          continue
        }
        for lane in 0..<height { target[panel * depth + column][lane] = numbers[first + lane] }
      }
    }
  }

  private mutating func clear(rowCount: Int, depth: Int) {
    self.rowCount = rowCount
    self.depth = depth
    vectors.removeAll(keepingCapacity: true)
    vectors.append(contentsOf: repeatElement(SIMD16(), count: count * depth))
  }
}

extension MutableRawSpan {
  /// Stores four columns of four rows of `source` as four vectors of four lanes, panels being sixteen lanes wide.
  ///
  /// - Parameters:
  ///   - first: the index of the first float; rows are `stride` floats apart.
  ///   - target: the index of the first float here.
  @inline(__always)
  fileprivate mutating func storeTransposed(_ source: RawSpan, at first: Int, stride: Int, at target: Int) {
    func row(_ index: Int) -> SIMD4<Float> {
      source.unsafeLoadUnaligned(
        fromByteOffset: (first + index * stride) * MemoryLayout<Float>.stride, as: SIMD4<Float>.self)
    }
    // Of two rows, their even columns side by side, then their odd ones.
    let upper = SIMD8(lowHalf: row(0), highHalf: row(1)), lower = SIMD8(lowHalf: row(2), highHalf: row(3))
    let even = SIMD8(lowHalf: upper.evenHalf, highHalf: lower.evenHalf)
    let odd = SIMD8(lowHalf: upper.oddHalf, highHalf: lower.oddHalf)
    store(even.evenHalf, column: 0, at: target)
    store(odd.evenHalf, column: 1, at: target)
    store(even.oddHalf, column: 2, at: target)
    store(odd.oddHalf, column: 3, at: target)
  }

  @inline(__always)
  private mutating func store(_ lanes: SIMD4<Float>, column: Int, at target: Int) {
    storeBytes(
      of: lanes, toByteOffset: (target + column * PackedWeights.height) * MemoryLayout<Float>.stride,
      as: SIMD4<Float>.self)
  }
}
