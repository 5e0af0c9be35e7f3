import Bytes

/// An error of reading a file of a container.
protocol ReadingError: IngotError {
  /// The error of the system, if the file could not be read; it names the file itself.
  var fileError: FileError? { get }
}

extension ReadingError {
  /// Returns the error with the name of the file, or of its folder, first.
  func located(in path: String) -> any IngotError {
    if let fileError { return fileError }
    return LocatedError(path: path, reason: self)
  }
}
