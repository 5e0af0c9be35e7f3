/// Statistics of the values of one tensor.
public struct TensorStatistics: Hashable, Sendable {
  /// Elements that are numbers: neither NaN nor infinite.
  public var finiteCount = 0
  /// Elements that are not a number.
  public var nanCount = 0
  /// Elements that are infinite.
  public var infiniteCount = 0
  /// Elements that are zero, of either sign.
  public var zeroCount = 0
  /// The least finite element; positive infinity if there is none.
  public var minimum = Float.infinity
  /// The greatest finite element; negative infinity if there is none.
  public var maximum = -Float.infinity
  /// The arithmetic mean of the finite elements.
  public var mean = 0.0
  /// The sum of the squared distances from the mean.
  private var squares = 0.0

  /// Of no elements.
  public init() {}

  /// All elements.
  public var elementCount: Int { finiteCount + nanCount + infiniteCount }
  /// The share of elements that are zero, 0…1.
  public var zeroShare: Double { elementCount > 0 ? Double(zeroCount) / Double(elementCount) : 0 }
  /// The standard deviation of the finite elements, dividing by their count.
  public var deviation: Double { finiteCount > 0 ? (squares / Double(finiteCount)).squareRoot() : 0 }

  /// Of `values`, in two passes: the mean, then the distances from it.
  public init(_ values: [Float]) {
    var sum = 0.0
    for index in values.indices {
      let value = values[index]
      guard value.isFinite else {
        if value.isNaN { nanCount += 1 } else { infiniteCount += 1 }
        continue
      }
      if value == 0 { zeroCount += 1 }
      if value < minimum { minimum = value }
      if value > maximum { maximum = value }
      sum += Double(value)
    }
    finiteCount = values.count - nanCount - infiniteCount
    guard finiteCount > 0 else { return }
    mean = sum / Double(finiteCount)
    for index in values.indices where values[index].isFinite {
      let distance = Double(values[index]) - mean
      squares += distance * distance
    }
  }

  /// Adds the statistics of the elements that follow.
  ///
  /// The update of mean and squares is Chan, Golub and LeVeque's (1979).
  public mutating func append(_ next: TensorStatistics) {
    let count = finiteCount + next.finiteCount
    if count > 0 {
      let distance = next.mean - mean
      let weight = Double(next.finiteCount) / Double(count)
      squares += next.squares + distance * distance * Double(finiteCount) * weight
      mean += distance * weight
    }
    finiteCount = count
    nanCount += next.nanCount
    infiniteCount += next.infiniteCount
    zeroCount += next.zeroCount
    minimum = min(minimum, next.minimum)
    maximum = max(maximum, next.maximum)
  }
}
