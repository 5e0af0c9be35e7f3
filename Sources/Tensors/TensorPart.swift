/// The rows and columns of a matrix that one of several ranks has, in the order of its part.
public struct TensorPart: Hashable, Sendable {
  /// Rows that follow each other in the whole and in the part.
  public struct Run: Hashable, Sendable {
    /// The first row in the whole.
    public let start: Int
    /// The rows of the part.
    public let count: Int
    /// Whether all of them are the row `start`, as padding is.
    public let isRepeated: Bool

    public init(start: Int, count: Int, isRepeated: Bool = false) {
      self.start = start
      self.count = count
      self.isRepeated = isRepeated
    }
  }

  /// The rows; of a vector, its elements.
  public let runs: [Run]
  /// The columns; nil for all of them.
  public let columns: Range<Int>?

  public init(runs: [Run], columns: Range<Int>? = nil) {
    self.runs = runs
    self.columns = columns
  }

  public var rowCount: Int { runs.reduce(0) { $0 + $1.count } }

  /// The shape of the part of a tensor of this shape.
  public func shape(in whole: Shape) -> Shape {
    var dimensions = whole.dimensions
    if !dimensions.isEmpty { dimensions[0] = rowCount }
    if let columns, dimensions.count > 1 { dimensions[1] = columns.count }
    return Shape(dimensions) ?? whole
  }
}
