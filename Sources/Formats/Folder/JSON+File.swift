import Bytes

extension JSON {
  /// Reads a JSON file; errors name the file and the byte.
  ///
  /// - Throws: `ContentTooLarge` above `limit` bytes, `LocatedError` for invalid JSON.
  public init(_ file: any ByteSource, limit: Int) throws {
    self = try Self.read(file, limit: limit) { bytes throws(JSONError) in try JSON(parsing: bytes) }
  }

  /// Reads a file that describes a model, as Python reads it; errors name the file and the byte.
  ///
  /// - Returns: the value, and remarks on what of the file is not JSON, which name the file.
  /// - Throws: `ContentTooLarge` above `limit` bytes, `LocatedError` for invalid JSON.
  public static func sideFile(_ file: any ByteSource, limit: Int) throws -> (value: JSON, remarks: [String]) {
    let (value, exceptions) = try read(file, limit: limit) { bytes throws(JSONError) in
      try JSON.parsingAsPython(bytes)
    }
    return (value, exceptions.map { "\(file.name.escapedForDisplay): \($0)" })
  }

  private static func read<Value>(
    _ file: any ByteSource, limit: Int, _ parse: ([UInt8]) throws(JSONError) -> Value
  ) throws -> Value {
    let bytes = try file.wholeContent(limit: limit)
    do throws(JSONError) {
      return try parse(bytes)
    } catch {
      if let foreign = UnsupportedFileKind(Array(bytes.prefix(FormatSniffer.prefixByteCount))) {
        throw LocatedError(path: file.path, reason: UnsupportedFileError(content: foreign, expected: "JSON"))
      }
      throw LocatedError(path: file.path, reason: error)
    }
  }
}
