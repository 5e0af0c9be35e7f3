import Bytes

/// The wording of missing bytes: `1,024 bytes are missing; is the download complete?`.
func missing(_ byteCount: Int, _ qualifier: String = "") -> String {
  "\(qualifier)\(counted(byteCount, "byte")) \(byteCount == 1 ? "is" : "are") missing; is the download complete?"
}

extension UInt8 {
  /// Two hexadecimal digits.
  var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
