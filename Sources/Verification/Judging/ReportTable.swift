/// Rows of text cells under titles, for a command line to align.
public struct ReportTable: Sendable, Hashable {
  /// The title of a column and the side its cells keep to.
  public struct Column: Sendable, Hashable {
    /// The title.
    public let title: String
    /// Whether cells stand at the right end, as numbers do.
    public let isRightAligned: Bool

    /// A column of words.
    public static func left(_ title: String) -> Column { Column(title: title, isRightAligned: false) }
    /// A column of numbers.
    public static func right(_ title: String) -> Column { Column(title: title, isRightAligned: true) }
  }

  /// The columns.
  public let columns: [Column]
  /// The rows, one cell for each column, safe to print.
  public var rows: [[String]]

  /// A table of these columns.
  public init(columns: [Column], rows: [[String]] = []) {
    self.columns = columns
    self.rows = rows
  }
}
