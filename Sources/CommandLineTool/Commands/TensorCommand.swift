import ArgumentParser
import Ingot

struct TensorCommand: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "tensor",
    abstract: "Prints decoded values of one tensor, or writes them to a .npy file.",
    discussion: """
      A name in the file gives the tensor as stored. A canonical (Hugging Face) name, or a slot such as \
      "layer 0 attention query", gives it in Hugging Face's layout. Ranges are Python's: 0:4, -4:, 7. Tables have six \
      digits, --json and .npy files all of them.

      EXAMPLES:
        # The first values of four rows.
        ingot tensor model.gguf blk.0.attn_q.weight --rows 0:4 --columns 0:6
        # The whole tensor for numpy.
        ingot tensor model.gguf token_embd.weight -o embedding.npy
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.", completion: .file())
  var path: String

  @Argument(help: "Name of the tensor.", completion: .tensorNames)
  var name: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rows; of a stack of matrices those of all. (default: 0:8, in a file all)", valueName: "range"))
  var rows: SliceArgument?

  @Option(parsing: .unconditional, help: ArgumentHelp("Columns. (default: 0:6, in a file all)", valueName: "range"))
  var columns: SliceArgument?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write a NumPy file: float32, or float64, int64, uint64 for wider formats.", valueName: "file.npy"),
    completion: .file())
  var output: String?

  @Flag(help: "Replace an existing output.")
  var overwrite = false

  @OptionGroup var report: ReportOptions

  func run() throws {
    let values = try TensorValues(CheckpointReport(path: path, library: .bundled()), named: name)
    guard values.shape.elementCount > 0 else {
      throw EmptyTensor(path: path, name: name, shape: values.shape)
    }
    let isFile = output != nil
    let rows = try range(rows, of: values.rowCount, "row", shown: isFile ? .max : Self.shownRowCount)
    let columns = try range(columns, of: values.columnCount, "column", shown: isFile ? .max : Self.shownColumnCount)
    if let output { return try write(values, rows, columns, to: output) }
    guard rows.count.multipliedReportingOverflow(by: columns.count).partialValue <= Self.printedLimit else {
      throw TooManyValues(count: rows.count * columns.count, limit: Self.printedLimit)
    }
    if report.json {
      let document = try values.json(rows: rows, columns: columns)
      return try report.print(json: { document }, text: { "" })
    }
    let text = try text(values, rows, columns)
    try report.print(json: { .null }, text: { text })
  }

  /// Rows and columns that are printed unless ranges are given, and the values that may be printed.
  private static let shownRowCount = 8, shownColumnCount = 6, printedLimit = 1 << 22

  private func range(_ slice: SliceArgument?, of count: Int, _ noun: String, shown: Int) throws -> Range<Int> {
    try slice?.range(of: count, noun) ?? 0..<min(count, shown)
  }

  private func text(_ values: TensorValues, _ rows: Range<Int>, _ columns: Range<Int>) throws -> String {
    var table = Table([("row", .left)] + columns.map { ("\($0)", .right) })
    var row = rows.lowerBound
    try values.read(rows: rows, columns: columns) { part in
      for start in stride(from: 0, to: part.count, by: columns.count) {
        table.append(["\(row)"] + part[start..<start + columns.count].map { values.cell($0) })
        row += 1
      }
    }
    let layout = values.layout == .stored ? "" : ", in Hugging Face's layout"
    let facts = [values.name.text.escapedForDisplay, values.format.escapedForDisplay, "\(values.shape)\(layout)"]
    let isWhole = rows.count == values.rowCount && columns.count == values.columnCount
    let all = "\(counted(values.rowCount, "row")) of \(counted(values.columnCount, "column"))"
    let rest = isWhole ? "" : "(\(all); --rows and --columns select others)\n"
    return (facts.joined(separator: "  ") + "\n").wrapped + "\n" + table.text() + rest.wrapped
  }

  private func write(_ values: TensorValues, _ rows: Range<Int>, _ columns: Range<Int>, to path: String) throws {
    let isWhole = rows.count == values.rowCount && columns.count == values.columnCount
    let part = values.shape.rank > 1 ? [rows.count, columns.count] : [columns.count]
    let shape = isWhole ? values.shape.dimensions : part
    let element = values.element
    let file = try NumPyOutput(path, shape: shape, of: element, overwrite: overwrite ? .replace : .refuse)
    let elementByteCount = element.byteCount
    let progress = ProgressLine(totalByteCount: rows.count * columns.count * elementByteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    try values.read(rows: rows, columns: columns) { part in
      switch element {
      case .float32: try file.append(part.map { Float($0.value) }[...])
      case .float64: try file.append(patterns: part.map(\.value.bitPattern))
      case .int64, .uint64: try file.append(patterns: part.map { UInt64(truncatingIfNeeded: $0.integer ?? 0) })
      }
      progress.advance(part.count * elementByteCount)
    }
    try file.commit()
    progress.finish()
    try report.print {
      .members([
        "schema": .string("ingot.tensor-file/1"), "path": .string(path), "name": .string(values.name.text),
        "layout": .string(values.layout.rawValue), "shape": .array(shape.map { .integer($0) }),
        "type": .string(element.name),
      ])
    } text: {
      let dimensions = shape.map(String.init).joined(separator: " × ")
      return "\(path.escapedForDisplay): written, \(element.name) \(dimensions)\n"
    }
  }
}

extension TensorValues {
  /// The type that has all values exactly.
  fileprivate var element: NumPyFile.Element {
    switch integers {
    case .i64: .int64
    case .u64: .uint64
    default: isWide ? .float64 : .float32
    }
  }

  /// A value with six significant digits; integers whole.
  fileprivate func cell(_ value: ExactValue) -> String {
    if isWide, let integer = value.integer { return "\(integer)" }
    return value.value.significant(6)
  }
}

/// A tensor without values.
struct EmptyTensor: IngotError {
  let path: String
  let name: String
  let shape: Shape
  var category: ErrorCategory { .input }
  var description: String { "\(path.escapedForDisplay): tensor \(name.quoted): has no elements (shape \(shape))" }
}

/// More values than a terminal or a JSON document should have.
struct TooManyValues: IngotError {
  let count: Int
  let limit: Int
  var category: ErrorCategory { .usage }
  var description: String {
    "\(count.grouped) values are selected, and at most \(limit.grouped) are printed (pass smaller ranges, or -o FILE.npy)"
  }
}
