import Bytes

extension JSON {
  /// Reads a JSON file; errors name the file and the byte.
  ///
  /// - Throws: `ContentTooLarge` above `limit` bytes, `LocatedError` for invalid JSON.
  public init(_ file: any ByteSource, limit: Int) throws {
    let bytes = try file.wholeContent(limit: limit)
    do throws(JSONError) {
      self = try JSON(parsing: bytes)
    } catch {
      if let foreign = UnsupportedFileKind(
        Array(bytes.prefix(FormatSniffer.prefixByteCount)), fileByteCount: bytes.count)
      {
        throw LocatedError(path: file.path, reason: UnsupportedFileError(content: foreign, expected: "JSON"))
      }
      throw LocatedError(path: file.path, reason: error)
    }
  }
}
