import Bytes

extension JSON {
  /// Reads the JSON file at `path`, refused above `limit` bytes; errors name the file and the byte.
  public init(file path: String, limit: Int) throws {
    let bytes = try InputFile(path).wholeContent(limit: limit)
    do throws(JSONError) {
      self = try JSON(parsing: bytes)
    } catch {
      if let foreign = UnsupportedFileKind(
        Array(bytes.prefix(FormatSniffer.prefixByteCount)), fileByteCount: bytes.count)
      {
        throw LocatedError(path: path, fact: UnsupportedFileError(content: foreign, expected: "JSON"))
      }
      throw LocatedError(path: path, fact: error)
    }
  }
}
