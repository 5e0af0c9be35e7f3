/// Rows of cells under titles, for a program to align.
public struct ReportTable: Sendable, Hashable {
  /// The title and the alignment of a column.
  public struct Column: Sendable, Hashable {
    public let title: String
    public let isRightAligned: Bool

    /// A column of words.
    public static func left(_ title: String) -> Column { Column(title: title, isRightAligned: false) }
    /// A column of numbers.
    public static func right(_ title: String) -> Column { Column(title: title, isRightAligned: true) }
  }

  public let columns: [Column]
  /// One cell for each column, safe to print.
  public var rows: [[String]]

  public init(columns: [Column], rows: [[String]] = []) {
    self.columns = columns
    self.rows = rows
  }
}
